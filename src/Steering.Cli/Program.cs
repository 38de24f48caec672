using Steering.Cli;
using Steering.Cli.Commands;

return await SteerCommand.RunAsync(args, Terminal.OfProcess());
