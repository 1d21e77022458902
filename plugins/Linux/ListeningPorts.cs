using System.Globalization;
using MedicineMan.Sdk.Scanning;

namespace MedicineMan.Plugins.Linux;

/// TCP ports that something listens on, from <c>ss -lnt</c> or <c>/proc/net/tcp</c>.
internal static class ListeningPorts
{
    private const string Listening = "0A";

    public static IEnumerable<int> Read(ScanOutput output)
    {
        var lines = output.Lines("ports").ToList();
        var hex = lines.FirstOrDefault() == "hex";
        return lines.Select(line => hex ? Kernel(line) : Tool(line)).OfType<int>().Distinct().Order();
    }

    /// <c>LISTEN 0 128 [::]:22 [::]:*</c>
    private static int? Tool(string line) =>
        line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["LISTEN", _, _, var local, ..] ? Number(local[(local.LastIndexOf(':') + 1)..], NumberStyles.None) : null;

    /// <c>0: 0100007F:1538 00000000:0000 0A …</c>
    private static int? Kernel(string line) =>
        line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var local, _, Listening, ..] ? Number(local[(local.LastIndexOf(':') + 1)..], NumberStyles.AllowHexSpecifier) : null;

    private static int? Number(string text, NumberStyles style) => int.TryParse(text, style, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65536 ? port : null;
}
