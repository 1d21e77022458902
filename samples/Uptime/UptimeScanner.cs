using System.Globalization;
using MedicineMan.Sdk.Scanning;

namespace MedicineMan.Samples.Uptime;

/// Reads how many days a server has been running, and whether it waits for a restart.
internal sealed class UptimeScanner : IScanner
{
    public string DisplayName => "Uptime";

    public IReadOnlyList<ScanSection> Sections { get; } =
    [
        new("uptime", "cat /proc/uptime 2>/dev/null"),
        new("restart-needed", "if [ -e /var/run/reboot-required ]; then echo yes; else echo no; fi"),
    ];

    public ValueTask<ScanReport> ReadAsync(ScanOutput output, CancellationToken cancel)
    {
        var facts = new Dictionary<string, string>();
        // The first number: seconds since the start. What is cut short or nonsense is left out.
        var seconds = output["uptime"].Split(' ', 2)[0];
        if (decimal.TryParse(seconds, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var up) && output["uptime"].Contains(' ', StringComparison.Ordinal))
        {
            facts["uptime.days"] = decimal.Floor(up / 86_400).ToString(CultureInfo.InvariantCulture);
        }

        if (output.Lines("restart-needed").FirstOrDefault() is "yes" or "no")
        {
            facts["restart.needed"] = output.Lines("restart-needed").First();
        }

        return ValueTask.FromResult(new ScanReport { Facts = facts });
    }
}
