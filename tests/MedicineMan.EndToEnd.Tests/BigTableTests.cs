using System.Globalization;
using MedicineMan.EndToEnd.Tests.Fixtures;
using Xunit.Abstractions;

namespace MedicineMan.EndToEnd.Tests;

/// A table far larger than the memory the program may use. MEDICINEMAN_BIG_TABLE_MB sets its size; releases are tried with 2048.
public sealed class BigTableTests(ITestOutputHelper output)
{
    // The serving host idles at half of this; the rest is pooled buffers of dump, pack and proof, which do not grow with the table.
    private const long MostMemory = 450_000_000;

    [SkippableFact]
    public async Task A_big_table_is_backed_up_and_proven_in_little_memory()
    {
        var megabytes = int.Parse(Environment.GetEnvironmentVariable("MEDICINEMAN_BIG_TABLE_MB") ?? "256", CultureInfo.InvariantCulture);
        await using var clinic = await Clinic.Open();
        await clinic.Rows("warehouse", megabytes);
        var shelf = await clinic.Shelf("shelf");
        var plan = await clinic.Plan(await clinic.ThisMachine(), shelf, "warehouse");
        var run = await clinic.Operator.Until($"backups/{await clinic.Start(plan)}", row => row["final"]!.GetValue<bool>(), seconds: 1800);
        await clinic.Proven(run);
        var peak = clinic.Host.PeakBytes;
        output.WriteLine($"{megabytes} MB: read {run["readBytes"]}, stored {run["storedBytes"]}, rows {run["rows"]}, from {run["startedAt"]} stored {run["storedAt"]} proven {run["provenAt"]}, restore {run["restoreMilliseconds"]} ms, compare {run["compareMilliseconds"]} ms, peak {peak}");
        Assert.InRange(run["readBytes"]!.GetValue<long>(), megabytes * 950_000L, long.MaxValue);
        Assert.InRange(peak, 1, MostMemory);
    }
}
