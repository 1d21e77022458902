using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using MedicineMan.Host.Servers.Commands;
using MedicineMan.Sdk.Scanning;

namespace MedicineMan.Host.Scanning;

/// Joins the sections of all scanners into one read-only POSIX script, and takes its output apart again. Each section is framed with a nonce
/// that the server learns only as it prints it, so that nothing a server holds can pass for another section.
internal sealed class ScanScript
{
    public const int MaxBytes = 4 * 1024 * 1024;
    private const int MaxLine = 2048;
    private const int SectionSeconds = 10;

    // P is what each section's own shell starts with: a variable, a cd, an exit or a hang in one section is nobody else's.
    private const string Prelude = """
        LC_ALL=C; LANG=C; export LC_ALL LANG
        PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin"; export PATH
        umask 077
        renice -n 10 -p $$ >/dev/null 2>&1
        P='T=$(command -v timeout); t() { mm_s=$1; shift; if [ -n "$T" ]; then "$T" "$mm_s" "$@"; else "$@"; fi; }'
        eval "$P"

        """;

    private readonly string nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
    private readonly IReadOnlyList<ScanSection> sections;

    public ScanScript(IReadOnlyList<ScanSection> sections)
    {
        this.sections = sections;
        var text = new StringBuilder(Prelude);
        foreach (var (section, index) in sections.Select((section, index) => (section, index)))
        {
            text.Append(CultureInfo.InvariantCulture, $"printf '\\n\\036{nonce} %s\\n' {index}\n");
            text.Append(CultureInfo.InvariantCulture, $"t {SectionSeconds} sh -c \"$P\n\"{ShellCommand.Quote(section.Script)} </dev/null 2>/dev/null\n");
        }

        Text = text.Append(CultureInfo.InvariantCulture, $"printf '\\n\\036{nonce} end\\n'\n").ToString();
    }

    /// For standard input of <c>sh</c>.
    public string Text { get; }

    public ScanOutput Read(ReadOnlySpan<byte> printed)
    {
        var frame = $"\n\u001e{nonce} ";
        var parts = ("\n" + Encoding.UTF8.GetString(printed)).Split(frame);
        var read = new Dictionary<string, string>();
        var complete = false;
        foreach (var part in parts.Skip(1))
        {
            var end = part.IndexOf('\n', StringComparison.Ordinal);
            var head = end < 0 ? part : part[..end];
            complete = head == "end";
            if (end >= 0 && int.TryParse(head, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < sections.Count)
            {
                read.TryAdd(sections[index].Name, Clean(part[(end + 1)..]));
            }
        }

        return new ScanOutput(read, complete);
    }

    private static string Clean(string text) => string.Join('\n', PlainText.From(text).TrimEnd('\n').Split('\n').Select(line => line.Length > MaxLine ? line[..MaxLine] : line));
}
