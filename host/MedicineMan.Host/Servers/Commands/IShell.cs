namespace MedicineMan.Host.Servers.Commands;

/// A way to a shell: a child process of this machine, or a channel of an SSH connection. Knows streams and exit, nothing of commands.
internal interface IShell
{
    /// What operators call the server.
    string ServerName { get; }

    /// The operating system user that commands run as.
    string UserName { get; }

    /// Starts the line in the user's shell. <paramref name="urgent"/> may not wait for other commands: it ends one.
    ValueTask<IShellProcess> Start(string line, bool urgent, CancellationToken cancel);
}

/// A started shell. Disposing it lets go of the streams; ending the processes is done by a command through the same shell.
internal interface IShellProcess : IAsyncDisposable
{
    /// Writing waits while nobody reads at the other end.
    Stream Input { get; }

    /// Ends with an exception, not with an end of stream, when the connection broke.
    Stream Output { get; }

    Stream Errors { get; }

    /// The exit code; fails with a CommandException when the connection broke before it came.
    Task<int> Exit { get; }
}
