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
    var (option, address) = options.Grpc is { } grpc && grpc.IsNamedBy(refused) ? ("--grpc", grpc) : ("--http", options.Http);
    await Console.Error.WriteLineAsync($"The server cannot listen on {address}: {refused.Message} Choose another address with {option} <host:port>; port 0 takes a "
        + $"free one{(option == "--grpc" ? ", and --grpc off does without" : "")}.");
    return 1;
}
