using MedicineMan.Repository.Tests.Fixtures;

namespace MedicineMan.Repository.Tests.Formats;

public sealed class ResticInteroperabilityTests
{
    [SkippableFact]
    public async Task Restic_checks_every_byte_of_what_we_wrote_and_gives_the_same_bytes_back()
    {
        Restic.SkipUnlessInstalled();
        await using var ours = await TestRepository.Create();
        var rows = Some.Rows(60_000);
        var noise = Some.Noise(3_000_000);
        await ours.BackUp(("shop/tables/orders.copy", rows), ("shop/noise", noise), ("empty", []));

        var check = await ours.Restic.Run("check", "--read-data");

        Assert.Contains("no errors were found", check, StringComparison.Ordinal);
        Assert.Equal(rows, (await ours.Restic.Try(null, "dump", "latest", "/shop/tables/orders.copy")).Output);
        Assert.Equal(noise, (await ours.Restic.Try(null, "dump", "latest", "/shop/noise")).Output);
        Assert.Empty((await ours.Restic.Try(null, "dump", "latest", "/empty")).Output);
    }
}
