namespace MedicineMan.Sdk.Commands;

/// <summary>The only way to run anything on a server: locally, over SSH, or scripted in a test. Safe for concurrent use.</summary>
public interface ICommandRunner
{
    /// <summary>The host's id of the server the commands run on.</summary>
    string ServerId { get; }

    /// <summary>Starts a command and returns as soon as its streams can be used.</summary>
    /// <param name="command">Program and arguments; never interpreted by a shell.</param>
    /// <param name="cancel">Cancelling it, at any time until the command ends, ends the whole process tree on the server.</param>
    /// <exception cref="CommandException">The command could not be started or the connection is gone.</exception>
    ValueTask<ICommand> StartAsync(CommandSpec command, CancellationToken cancel);
}
