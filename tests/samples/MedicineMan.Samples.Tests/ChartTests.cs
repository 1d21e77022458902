using MedicineMan.Samples.Chart;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Ui;

namespace MedicineMan.Samples.Tests;

public sealed class ChartTests
{
    [Fact]
    public async Task The_page_shows_the_longest_wait_of_each_of_fourteen_days()
    {
        await using var host = await Samples.Start<ChartPlugin>();
        var now = host.Clock.GetUtcNow();
        foreach (var (days, seconds) in new[] { (0, 3.0), (0, 7.5), (13, 2.0), (14, 99.0) })
        {
            await host.RunJobAsync("measure", new Measurement(now.AddDays(-days), seconds));
        }

        var page = await host.FragmentAsync("chart");
        var bars = ((UiValue[])page["bars"].ToObject()!).Select(bar => (UiModel)bar.ToObject()!).ToList();

        Assert.Equal(true, page["any"]);
        Assert.Equal(7.5, page["largest"]);
        Assert.Equal(14, bars.Count);
        Assert.Equal(("2025-12-19", 2.0), ((string)bars[0]["day"].ToObject()!, (double)bars[0]["seconds"].ToObject()!));
        Assert.Equal(("2026-01-01", 7.5), ((string)bars[13]["day"].ToObject()!, (double)bars[13]["seconds"].ToObject()!));
    }

    [Fact]
    public async Task Without_measurements_the_page_says_so()
    {
        await using var host = await Samples.Start<ChartPlugin>();
        Assert.Equal(false, (await host.FragmentAsync("chart"))["any"]);
    }

    [Fact]
    public async Task What_cannot_be_measured_is_refused()
    {
        await using var host = await Samples.Start<ChartPlugin>();
        await Assert.ThrowsAsync<UserFacingException>(() => host.RunJobAsync("measure", new Measurement(host.Clock.GetUtcNow(), -1)));
    }

    [Fact]
    public async Task Without_the_capability_nothing_is_kept()
    {
        await using var host = await Samples.Start<ChartPlugin>(setup => setup.Refuse("store"));
        var refusal = await Assert.ThrowsAsync<CapabilityDeniedException>(() => host.RunJobAsync("measure", new Measurement(host.Clock.GetUtcNow(), 1)));
        Assert.Equal("store", refusal.Capability);
        Assert.Same(refusal, Assert.Single(host.Denied));
    }
}
