using System.IO.Pipelines;
using MedicineMan.Sdk.Commands;

namespace MedicineMan.Host.Plugins.Capabilities.Servers;

/// A command in a plugin's hands, which ends with its plugin too.
internal sealed class LentCommand : ICommand
{
    private readonly ICommand command;
    private readonly CancellationTokenSource stop;

    private LentCommand(ICommand command, CancellationTokenSource stop) => (this.command, this.stop) = (command, stop);

    public PipeWriter StandardInput => command.StandardInput;

    public PipeReader StandardOutput => command.StandardOutput;

    public Task<CommandExit> Completion => command.Completion;

    public static async ValueTask<ICommand> Start(ICommandRunner runner, CommandSpec command, Grant grant, CancellationToken cancel)
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, grant.Unloading);
        try
        {
            return new LentCommand(await runner.StartAsync(command, stop.Token), stop);
        }
        catch
        {
            stop.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await command.DisposeAsync();
        stop.Dispose();
    }
}
