using System.ComponentModel;
using System.Diagnostics;
using MedicineMan.Sdk.Commands;

namespace MedicineMan.Host.Servers.Commands;

/// This machine's shell: the only place in the product that starts a process.
/// <param name="shell">
/// Program and arguments before <c>-c</c>; /bin/sh when empty.
/// </param>
internal sealed class LocalShell(params string[] shell) : IShell
{
    // The host's own environment can hold the master key and connection strings, so a command gets only what a login would give it.
    private static readonly string[] Inherited = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR", "XDG_RUNTIME_DIR"];

    public string ServerName => "this machine";

    public string UserName => Environment.UserName;

    public ValueTask<IShellProcess> Start(string line, bool urgent, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        string[] words = shell.Length > 0 ? shell : ["/bin/sh"];
        var start = new ProcessStartInfo(words[0], [.. words[1..], "-c", line])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        foreach (var name in start.Environment.Keys.Except(Inherited).ToList())
        {
            start.Environment.Remove(name);
        }

        return ValueTask.FromResult<IShellProcess>(Start(start, "a shell"));
    }

    /// Starts a program without a shell and with all of this process's environment: for what somebody asked for on the command line.
    public static LocalProcess StartProgram(IReadOnlyList<string> words) => Start(
        new ProcessStartInfo(words[0], words.Skip(1)) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false }, words[0]);

    private static LocalProcess Start(ProcessStartInfo start, string what)
    {
        try
        {
            return new LocalProcess(Process.Start(start)!);
        }
        catch (Win32Exception failed)
        {
            throw new CommandException($"This machine could not start {what}: {failed.Message}", failed);
        }
    }

    internal sealed class LocalProcess(Process process) : IShellProcess
    {
        public int Id { get; } = process.Id;

        public Stream Input { get; } = process.StandardInput.BaseStream;

        public Stream Output { get; } = process.StandardOutput.BaseStream;

        public Stream Errors { get; } = process.StandardError.BaseStream;

        public Task<int> Exit { get; } = WaitForExit(process);

        public async ValueTask DisposeAsync()
        {
            await Input.DisposeAsync();
            await Output.DisposeAsync();
            await Errors.DisposeAsync();
            if (Exit.IsCompleted)
            {
                process.Dispose();
            }
        }

        /// Ends it and its children at once.
        public void Kill() => process.Kill(entireProcessTree: true);

        private static async Task<int> WaitForExit(Process process)
        {
            await process.WaitForExitAsync();
            return process.ExitCode;
        }
    }
}
