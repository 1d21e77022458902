using System.Globalization;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Commands;

namespace MedicineMan.Host.Servers.Commands;

/// A program of this machine that somebody named on the command line: started as it is, without a shell, with all of the caller's environment. It leads
/// a process group of its own, so that whatever it starts ends with it. Its standard input is empty.
internal sealed class LocalProgram : IAsyncDisposable
{
    private const int LongestLine = 8 * 1024;

    // What cleans up after itself gets time for it.
    private const string EndScript = """
        kill -TERM "-$1" 2>/dev/null
        i=0
        while [ "$i" -lt 50 ] && kill -0 "-$1" 2>/dev/null; do i=$((i + 1)); sleep 0.1; done
        kill -KILL "-$1" 2>/dev/null
        """;

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly LocalShell.LocalProcess process;
    private readonly bool leadsGroup;
    private readonly Task readingErrors;

    private LocalProgram(string name, LocalShell.LocalProcess process, bool leadsGroup, Action<string> errors)
    {
        (Name, this.process, this.leadsGroup) = (name, process, leadsGroup);
        readingErrors = ReadErrors(errors);
    }

    /// As it was named.
    public string Name { get; }

    public Stream Output => process.Output;

    /// <param name="words">Program and arguments.</param>
    /// <param name="errors">Given each line of its standard error.</param>
    /// <exception cref="UserFacingException">There is no such program, or it may not be started.</exception>
    public static async Task<LocalProgram> Start(IReadOnlyList<string> words, Action<string> errors)
    {
        var file = Find(words[0]) ?? throw new UserFacingException(
            words[0].Contains('/', StringComparison.Ordinal)
                ? $"{words[0]} can't be started: there is no such file, or it may not be executed."
                : $"{words[0]} can't be started: no folder of PATH has a program of this name.");
        var group = Find("setsid");
        try
        {
            var started = LocalShell.StartProgram([.. group is null ? (string[])[] : [group], file, .. words.Skip(1)]);
            await started.Input.DisposeAsync();
            return new LocalProgram(words[0], started, group is not null, errors);
        }
        catch (CommandException failed)
        {
            throw new UserFacingException($"{words[0]} can't be started. {failed.Message}", failed);
        }
    }

    /// Waits for its end, which has to be a good one.
    /// <exception cref="UserFacingException">It failed or was killed.</exception>
    public async Task ThrowUnlessSucceeded(CancellationToken cancel)
    {
        var code = await process.Exit.WaitAsync(cancel);
        // Then it was us who ended it.
        cancel.ThrowIfCancellationRequested();
        await ErrorsRead();
        if (code != 0)
        {
            throw new UserFacingException(string.Create(CultureInfo.InvariantCulture, $"{Name} failed with exit code {code}{(code > 128 ? $", which means that signal {code - 128} ended it" : "")}. No snapshot was written."));
        }
    }

    /// Ends it and all it has started, also what still holds its output open after it.
    public async Task End()
    {
        if (leadsGroup)
        {
            var id = process.Id.ToString(CultureInfo.InvariantCulture);
            await using var ending = LocalShell.StartProgram(["/bin/sh", "-c", EndScript, "sh", id]);
            await ending.Exit;
        }
        else if (!process.Exit.IsCompleted)
        {
            process.Kill();
        }

        await process.Exit.WaitAsync(Grace).ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.Exit.IsCompleted)
        {
            await End();
        }

        await ErrorsRead();
        await process.DisposeAsync();
    }

    // A child left behind in the background may hold standard error open for ever.
    private Task ErrorsRead() => readingErrors.WaitAsync(TimeSpan.FromSeconds(2)).ContinueWith(static _ => { }, TaskScheduler.Default);

    private async Task ReadErrors(Action<string> say)
    {
        var line = new byte[LongestLine];
        var filled = 0;
        for (int read; (read = await process.Errors.ReadAsync(line.AsMemory(filled))) > 0;)
        {
            filled += read;
            for (int end; (end = line.AsSpan(0, filled).IndexOf((byte)'\n')) >= 0 || filled == line.Length;)
            {
                end = end < 0 ? filled - 1 : end;
                say(PlainText.From(line.AsSpan(0, end + 1)).TrimEnd());
                line.AsSpan(end + 1, filled - end - 1).CopyTo(line);
                filled -= end + 1;
            }
        }

        if (filled > 0)
        {
            say(PlainText.From(line.AsSpan(0, filled)));
        }
    }

    private static string? Find(string program) =>
        program.Contains('/', StringComparison.Ordinal)
            ? (IsProgram(program) ? Path.GetFullPath(program) : null)
            : (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin").Split(':').Where(folder => folder.Length > 0).Select(folder => Path.Combine(folder, program)).FirstOrDefault(IsProgram);

    private static bool IsProgram(string path) =>
        File.Exists(path) && !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0;
}
