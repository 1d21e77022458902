using System.Globalization;
using MedicineMan.Samples.Uptime;
using MedicineMan.Sdk.Scanning;
using MedicineMan.Sdk.Testing.Scanning;
using MedicineMan.Testbed;

namespace MedicineMan.Samples.Tests;

public sealed class UptimeTests : ScannerContract
{
    protected override IScanner Scanner { get; } = new UptimeScanner();

    protected override IReadOnlyDictionary<string, string> Sample { get; } =
        new Dictionary<string, string> { ["uptime"] = "937842.22 1800001.11\n", ["restart-needed"] = "yes\n" };

    [Fact]
    public async Task Days_and_a_restart_that_is_due_are_read()
    {
        var report = await Scanner.ReadAsync(new ScanOutput(Sample, complete: true), default);
        Assert.Equal(new Dictionary<string, string> { ["uptime.days"] = "10", ["restart.needed"] = "yes" }, report.Facts);
    }

    [Fact]
    public async Task This_machine_is_read()
    {
        var sections = Scanner.Sections.ToDictionary(section => section.Name, section => Programs.Run("/bin/sh", ["-c", section.Script]));
        var report = await Scanner.ReadAsync(new ScanOutput(sections, complete: true), default);
        var seconds = decimal.Parse((await File.ReadAllTextAsync("/proc/uptime")).Split(' ')[0], CultureInfo.InvariantCulture);
        Assert.Equal(decimal.Floor(seconds / 86_400).ToString(CultureInfo.InvariantCulture), report.Facts["uptime.days"]);
    }

    [Fact]
    public async Task The_plugin_provides_it()
    {
        await using var host = await Samples.Start<UptimePlugin>();
        Assert.Equal("Uptime", host.Provider<IScanner>("uptime").DisplayName);
    }
}
