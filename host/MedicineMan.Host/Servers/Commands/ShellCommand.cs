using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using MedicineMan.Sdk.Commands;

namespace MedicineMan.Host.Servers.Commands;

/// The one place where a command becomes shell text. What the remote login shell sees is a fixed line without a quote in it
/// (<see cref="LoginLine"/>), so it may be sh, fish or csh; the scripts and the secret files follow on standard input (<see cref="Preamble"/>), so they
/// never stand in a process list. Scripts are plain POSIX: dash, busybox and bash run them.
internal sealed partial class ShellCommand
{
    private const string Path = "PATH=\"${PATH:-/usr/bin:/bin}:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin\"; export PATH";

    // A process group of the command's own lets one signal end the whole tree. sshd gives it one; a local child needs setsid, which forks
    // (and returns at once) when called by a group leader, so it is only called by those that are not.
    private const string OwnGroup =
        "mm_g=; read -r mm_a mm_b mm_c mm_d mm_g mm_e 2>/dev/null </proc/$$/stat; if [ \"$mm_g\" = \"$$\" ]; then eval \"$0\"; " +
        "elif command -v setsid >/dev/null 2>&1; then exec setsid /bin/sh -c \"$0\"; " +
        "elif command -v perl >/dev/null 2>&1; then exec perl -e \"setpgrp(0,0);exec @ARGV\" /bin/sh -c \"$0\"; else eval \"$0\"; fi";

    // dd with one block of at most what is missing never takes a byte too many, whatever the pipe's chunks are; head -c of busybox does.
    private const string ReceiveFile = """
        receive() {
          : >"$1" || exit 125
          mm_n=$2
          while [ "$mm_n" -gt 0 ]; do
            mm_b=$mm_n; [ "$mm_b" -gt 65536 ] && mm_b=65536
            dd bs="$mm_b" count=1 2>/dev/null >>"$1"
            mm_s=$(wc -c <"$1"); mm_r=$(($2 - mm_s))
            [ "$mm_r" -lt "$mm_n" ] || { echo "standard input ended early" >&2; exit 125; }
            mm_n=$mm_r
          done
        }
        """;

    // Memory-backed places first, so that a secret does not reach a disk.
    private const string OwnFolder = """
        mm_d=
        for mm_t in "$XDG_RUNTIME_DIR" /dev/shm "$TMPDIR" /tmp; do
          [ -n "$mm_t" ] && [ -d "$mm_t" ] && [ -w "$mm_t" ] && mm_d=$(mktemp -d "$mm_t/medicineman.XXXXXXXXXX" 2>/dev/null) && break
          mm_d=
        done
        [ -n "$mm_d" ] || { echo "no folder for temporary files can be written to" >&2; exit 125; }
        trap 'rm -rf "$mm_d"' EXIT
        trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM
        """;

    private ShellCommand(string nonce, byte[] start, byte[] script, byte[] files)
    {
        Nonce = nonce;
        LoginLine = $"exec /bin/sh -c '{Eval(start.Length)}'";
        Preamble = [.. start, .. script, .. files];
    }

    /// Frames what the wrapper itself says, so that a noisy login script is told apart from the command.
    public string Nonce { get; }

    /// What the login shell is asked to run.
    public string LoginLine { get; }

    /// What goes to standard input before the command's own.
    public byte[] Preamble { get; }

    /// What the wrapper prints before the command's own standard output.
    public string OutputMark => $"\u001e{Nonce}\n";

    public static ShellCommand Build(CommandSpec command, IReadOnlyList<string> contents)
    {
        Check(command);
        var nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var script = Block(Script(command, contents, nonce));
        return new ShellCommand(nonce, Block(Start(command.RunAs, script.Length)), script, Encoding.UTF8.GetBytes(string.Concat(contents)));
    }

    /// A word that sh reads back as exactly this text.
    public static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static string Eval(int bytes) => string.Create(CultureInfo.InvariantCulture, $"eval \"$(dd bs=1 count={bytes} 2>/dev/null)\"");

    // Braces make a script that arrived cut short a syntax error instead of a shorter script.
    private static byte[] Block(string script) => Encoding.UTF8.GetBytes($"{{\n{script}}}");

    private static string Start(string? user, int scriptBytes)
    {
        List<string> lines = [Path, $"set -- /bin/sh -c {Quote(OwnGroup)} {Quote(Eval(scriptBytes))}"];
        if (user is not null)
        {
            var name = Quote(user);
            lines.AddRange(
            [
                $"if [ \"$(id -un)\" = {name} ]; then :",
                $"elif [ \"$(id -u)\" != 0 ]; then set -- sudo -n -u {name} -- \"$@\"",
                $"elif command -v runuser >/dev/null 2>&1; then set -- runuser -u {name} -- \"$@\"",
                $"else set -- su -s /bin/sh -c 'exec \"$0\" \"$@\"' {name} \"$@\"; fi",
            ]);
        }

        return Lines([.. lines, "exec \"$@\""]);
    }

    private static string Script(CommandSpec command, IReadOnlyList<string> contents, string nonce)
    {
        List<string> lines = [Path];
        if (command.RunAs is { } user)
        {
            // runuser leaves root's HOME in place, and tools would look for their settings there.
            lines.Add($"HOME=$(getent passwd {Quote(user)} 2>/dev/null | cut -d: -f6); HOME=${{HOME:-/}}; USER={Quote(user)}; LOGNAME=$USER");
            lines.Add("export HOME USER LOGNAME; unset XDG_RUNTIME_DIR");
        }

        lines.Add("cd \"${HOME:-/}\" 2>/dev/null || cd /");
        lines.AddRange(command.Environment.Select(variable => $"{variable.Key}={Quote(variable.Value)}; export {variable.Key}"));
        var withFiles = command.Files.Count > 0;
        lines.Add(withFiles ? $"mm_m=$(umask); umask 077\n{ReceiveFile}\n{OwnFolder}" : "mm_d=");
        lines.Add($"printf '\\036{nonce} %s %s\\n' \"$$\" \"$mm_d\" >&2");
        lines.AddRange(command.Files.Zip(contents, (file, content) =>
            $"{file.Variable}=\"$mm_d/{file.Variable}\"; export {file.Variable}; receive \"${file.Variable}\" {Encoding.UTF8.GetByteCount(content)}"));
        var program = Quote(command.File);
        lines.Add($"printf '\\036{nonce}\\n'");
        lines.Add($"command -v {program} >/dev/null 2>&1 || {{ printf '%s: no such program on this server\\n' {program} >&2; exit 127; }}");
        var words = string.Join(' ', command.Arguments.Select(argument => Word(command, argument)).Prepend(program));

        // With files the wrapper stays to remove them; it waits for a child in the background, because a shell acts on a signal only
        // between foreground commands.
        return Lines([.. lines, withFiles
            ? $"umask \"$mm_m\"; exec 3<&0; (trap - HUP INT TERM EXIT; exec {words}) <&3 3<&- &\nmm_p=$!; exec 3<&- </dev/null; wait \"$mm_p\"; exit $?"
            : $"exec {words}"]);
    }

    private static string Lines(IEnumerable<string> lines) => string.Concat(lines.Select(line => line + "\n"));

    private static string Word(CommandSpec command, string argument) =>
        command.Files.FirstOrDefault(file => file.Argument == argument) is { } file ? $"\"${file.Variable}\"" : Quote(argument);

    private static void Check(CommandSpec command)
    {
        if (command.File.Length == 0 || command.File[0] == '-' || command.RunAs is { Length: 0 } or ['-', ..])
        {
            throw new ArgumentException("A program and a user need a name that does not start with a dash.", nameof(command));
        }

        if (command.Arguments.Concat(command.Environment.Values).Append(command.File).Append(command.RunAs ?? "").Any(text => text.Contains('\0', StringComparison.Ordinal)))
        {
            throw new ArgumentException($"{command.File} cannot be given text with a NUL character.", nameof(command));
        }

        if (command.Environment.Keys.Concat(command.Files.Select(file => file.Variable)).FirstOrDefault(name => !VariableName().IsMatch(name)) is { } wrong)
        {
            throw new ArgumentException($"\"{wrong}\" is not a name for an environment variable.", nameof(command));
        }
    }

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]*\z")]
    private static partial Regex VariableName();
}
