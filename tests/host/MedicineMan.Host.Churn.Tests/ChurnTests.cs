using System.Diagnostics;
using MedicineMan.Host.Plugins.Memory;
using MedicineMan.Host.Tests.Plugins;

namespace MedicineMan.Host.Churn.Tests;

/// A plugin that is built, weighed and swapped all day long.
public sealed class ChurnTests
{
    [Fact]
    public async Task Three_hundred_swaps_leave_memory_flat()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Hello]);
        for (var swap = 0; swap < 40; swap++)
        {
            await Swap(host);
        }

        await Resident(host);
        var (managed, resident) = (GC.GetTotalMemory(true), Process.GetCurrentProcess().WorkingSet64);
        for (var swap = 0; swap < 260; swap++)
        {
            await Swap(host);
        }

        Assert.InRange(await Resident(host), 0, 1);
        Assert.InRange(GC.GetTotalMemory(true) - managed, long.MinValue, 4L << 20);
        Assert.InRange(Process.GetCurrentProcess().WorkingSet64 - resident, long.MinValue, 40L << 20);
    }

    private static async Task Swap(PluginTestHost host)
    {
        await host.Lifecycle.Load(PluginFolders.Hello, CancellationToken.None);
        await host.Of<MemoryWatch>().Look(CancellationToken.None);
        Assert.InRange(host.Catalogue.Find("samples.hello")!.Memory!.Bytes, 10_000, 2L << 20);
        Assert.Equal("Hello, world, from Hello 0.1.0.", await host.Client.GetStringAsync("/plugins/samples.hello/greeting"));
    }

    private static async Task<int> Resident(PluginTestHost host)
    {
        for (var round = 0; host.Catalogue.Find("samples.hello")!.Resident > 1 && round < 24; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(20);
        }

        return host.Catalogue.Find("samples.hello")!.Resident;
    }
}
