using MedicineMan.Sdk.Commands;

namespace MedicineMan.Plugins.Postgres.Tests;

/// A server on whose PATH nothing of PostgreSQL is found.
internal sealed class WithoutPath(ICommandRunner real) : ICommandRunner
{
    public string ServerId => real.ServerId;

    public ValueTask<ICommand> StartAsync(CommandSpec command, CancellationToken cancel) =>
        real.StartAsync(command with { File = command.File == "ls" ? "/bin/ls" : command.File, Environment = new Dictionary<string, string> { ["PATH"] = "/nowhere" } }, cancel);
}
