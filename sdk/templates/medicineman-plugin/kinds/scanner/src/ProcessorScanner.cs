using System.Globalization;
using MedicineMan.Sdk.Scanning;

namespace Acme.Sample;

/// <summary>Reads how many processors are online. What comes back from a server may be cut short or hostile: nonsense gives no fact.</summary>
public sealed class ProcessorScanner : IScanner
{
    public string DisplayName => "PLUGIN_TITLE";

    public IReadOnlyList<ScanSection> Sections { get; } = [new("online-processors", "t 2 getconf _NPROCESSORS_ONLN 2>/dev/null")];

    public ValueTask<ScanReport> ReadAsync(ScanOutput output, CancellationToken cancel)
    {
        var line = output.Lines("online-processors").FirstOrDefault();
        return ValueTask.FromResult(int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0
            ? new ScanReport { Facts = new Dictionary<string, string> { ["cpu.online"] = count.ToString(CultureInfo.InvariantCulture) } }
            : new ScanReport());
    }
}
