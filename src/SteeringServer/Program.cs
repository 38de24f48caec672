using Microsoft.AspNetCore.Builder;
using SteeringServer.Hosting;

var builder = WebApplication.CreateSlimBuilder();
var command = CommandLine.Read(args, builder.Configuration);
if (command.Options is not { } options)
{
    await (command.ExitCode == 0 ? Console.Out : Console.Error).WriteLineAsync(command.Text);
    return command.ExitCode;
}
try
{
    await using var app = ServerHost.Build(builder, options);
    await app.RunAsync();
    return Environment.ExitCode;
}
catch (IOException refused)
{
    await Console.Error.WriteLineAsync($"The server cannot listen on {options.Http}: {refused.Message} Choose another address with --http <host:port>; port "
        + "0 takes a free one.");
    return 1;
}
