using MedicineMan.Sdk.Scanning;
using MedicineMan.Sdk.Testing.Scanning;

namespace Acme.Sample.Tests;

/// The contract cuts, mixes and poisons the sample.
public sealed class ProcessorScannerTests : ScannerContract
{
    protected override IScanner Scanner { get; } = new ProcessorScanner();

    protected override IReadOnlyDictionary<string, string> Sample { get; } = new Dictionary<string, string> { ["online-processors"] = "8\n" };

    [Fact]
    public async Task The_processors_are_counted()
    {
        var report = await Scanner.ReadAsync(new ScanOutput(Sample, complete: true), default);
        Assert.Equal("8", report.Facts["cpu.online"]);
    }
}
