using System.Globalization;
using System.Text;
using MedicineMan.Sdk.Commands;
using MedicineMan.Sdk.Secrets;

namespace MedicineMan.Host.Servers.Commands;

/// Opens a secret for the command that needs it; the vault records the access.
internal delegate ValueTask<string> OpenSecret(SecretRef secret, CancellationToken cancel);

/// Runs commands through a shell, this machine's or one behind SSH: the same wrapper, the same expectations, only the streams differ.
internal sealed class ShellRunner(string serverId, IShell shell, OpenSecret openSecret, TimeProvider time) : ICommandRunner
{
    private const int LargestFile = 1024 * 1024;
    private const int MostNoise = 256 * 1024;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(15);

    // TERM lets the wrapper remove its files; what is still there after three seconds gets KILL, and its folder is removed here. A signal
    // is only acted on when its process next runs, so KILL too is waited for: whoever cancelled a command may rely on its end.
    private const string EndScript = """
        of=-$1; kill -0 "$of" 2>/dev/null || of=$1
        end() {
          kill "-$1" "$of" 2>/dev/null
          i=0
          while [ "$i" -lt "$2" ] && kill -0 "$of" 2>/dev/null; do i=$((i + 1)); sleep 0.1 2>/dev/null || { sleep 1; i=$((i + 9)); }; done
        }
        end TERM 30; end KILL 20
        case $2 in */medicineman.*) rm -rf "$2" ;; esac
        """;

    public string ServerId => serverId;

    public async ValueTask<ICommand> StartAsync(CommandSpec command, CancellationToken cancel)
    {
        var built = ShellCommand.Build(command, await Contents(command, cancel));
        var process = await shell.Start(built.LoginLine, urgent: false, cancel);
        var errors = new ErrorTail(built.Nonce);
        var reading = errors.Read(process.Errors);
        Announcement? announced = null;
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(StartLimit);
            var feeding = Send(process, built.Preamble, limit.Token);
            announced = await errors.Announced.WaitAsync(limit.Token);
            var rest = announced is null ? null : await AfterMark(process.Output, built.OutputMark, limit.Token);
            if (announced is null || rest is null)
            {
                throw await NotStarted(command, process, errors);
            }

            await feeding;
            var end = announced;
            return new RunningCommand(
                command, process, new CommandOutput(rest.Value, process.Output), errors, reading, () => End(command.RunAs, end), shell.ServerName, time, cancel);
        }
        catch (Exception failed)
        {
            if (announced is not null)
            {
                await End(command.RunAs, announced);
            }

            await process.DisposeAsync();
            if (failed is OperationCanceledException && !cancel.IsCancellationRequested)
            {
                throw new CommandException($"{command.File} could not be started on {shell.ServerName}: its shell gave no sign of life for {StartLimit.TotalSeconds:0} seconds.", failed);
            }

            throw;
        }
    }

    private async Task<List<string>> Contents(CommandSpec command, CancellationToken cancel)
    {
        List<string> contents = [];
        foreach (var file in command.Files)
        {
            var content = file.Secret is { } secret
                ? file.Content.Replace(CommandFile.SecretPlaceholder, file.Encode(await openSecret(secret, cancel)), StringComparison.Ordinal)
                : file.Content;
            contents.Add(Encoding.UTF8.GetByteCount(content) <= LargestFile
                ? content
                : throw new ArgumentException($"The file for {file.Variable} is larger than {LargestFile} bytes.", nameof(command)));
        }

        return contents;
    }

    /// Ends the whole tree of a command over a channel of its own. What cannot be reached any more is left to the server.
    private async Task End(string? runAs, Announcement announced)
    {
        var id = announced.ProcessId.ToString(CultureInfo.InvariantCulture);
        var built = ShellCommand.Build(new CommandSpec("/bin/sh", "-c", EndScript, "sh", id, announced.Folder ?? "") { RunAs = runAs }, []);
        try
        {
            using var limit = new CancellationTokenSource(EndLimit, time);
            await using var process = await shell.Start(built.LoginLine, urgent: true, limit.Token);
            await Send(process, built.Preamble, limit.Token);
            await process.Exit.WaitAsync(limit.Token);
        }
        catch (Exception unreachable) when (unreachable is CommandException or OperationCanceledException or IOException)
        {
            // The connection is gone, and with it the only way to reach the command.
        }
    }

    private static async Task Send(IShellProcess process, byte[] preamble, CancellationToken cancel)
    {
        try
        {
            await process.Input.WriteAsync(preamble, cancel);
            await process.Input.FlushAsync(cancel);
        }
        catch (Exception broken) when (broken is IOException or ObjectDisposedException or CommandException)
        {
            // A wrapper that ended early says why on standard error.
        }
    }

    /// What came after the wrapper's mark in the same read; null when the output ended without it.
    private static async Task<ReadOnlyMemory<byte>?> AfterMark(Stream output, string mark, CancellationToken cancel)
    {
        var frame = Encoding.UTF8.GetBytes(mark);
        var buffer = new byte[16 * 1024];
        var length = 0;
        while (length < MostNoise)
        {
            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, 2 * length);
            }

            var read = await output.ReadAsync(buffer.AsMemory(length), cancel);
            if (read == 0)
            {
                return null;
            }

            length += read;
            var at = buffer.AsSpan(0, length).IndexOf(frame);
            if (at >= 0)
            {
                return buffer.AsMemory((at + frame.Length)..length);
            }
        }

        return null;
    }

    private async Task<CommandException> NotStarted(CommandSpec command, IShellProcess process, ErrorTail errors)
    {
        await process.Exit.WaitAsync(TimeSpan.FromSeconds(5), time).ContinueWith(_ => { }, TaskScheduler.Default);
        if (process.Exit is { IsFaulted: true, Exception.InnerException: CommandException broken })
        {
            return broken;
        }

        var said = errors.Text is { Length: > 0 } text ? text.Split('\n')[^1] : "it gave no reason";
        return command.RunAs is not { } user || user == shell.UserName
            ? new CommandException($"{command.File} could not be started on {shell.ServerName}: {said}.")
            : new CommandException(
                $"{command.File} could not be run as {user} on {shell.ServerName}: {said}. Unless {shell.UserName} is root, it needs this line in " +
                $"/etc/sudoers.d/medicineman on {shell.ServerName}: {shell.UserName} ALL=({user}) NOPASSWD: /bin/sh") { Permanent = true };
    }
}
