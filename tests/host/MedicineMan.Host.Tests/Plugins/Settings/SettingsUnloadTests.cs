using System.Runtime.CompilerServices;
using MedicineMan.Host.Plugins;

namespace MedicineMan.Host.Tests.Plugins.Settings;

public sealed class SettingsUnloadTests
{
    [Fact]
    public async Task A_plugin_that_was_set_tested_migrated_and_drawn_is_collected_once_it_is_retired()
    {
        await using var adjustable = await Adjustable.Start();

        await UseEverythingAndRetire(adjustable);

        var catalogue = adjustable.Host.Get<PluginCatalogue>();
        for (var round = 0; catalogue.Find(Adjustable.Id)!.Resident > 0 && round < 80; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(25);
        }

        Assert.Equal(0, catalogue.Find(Adjustable.Id)!.Resident);
    }

    // A frame of its own: the caller's locals would keep what was touched here.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task UseEverythingAndRetire(Adjustable adjustable)
    {
        await adjustable.Owner.Send($"{Adjustable.Page}?handler=Test", Adjustable.Fields(("name", "boom")));
        await adjustable.Owner.Send(Adjustable.Page, Adjustable.Fields());
        await adjustable.Current();
        await adjustable.Owner.Get("/plugins/tests.adjustable/page/page");
        await adjustable.Load(manifest => (manifest["version"], manifest["settingsVersion"]) = ("3.0.0", 3));
        Assert.Equal("Ada", (string?)(await adjustable.Current())["name"]);
        await adjustable.Host.Get<PluginLifecycle>().Retire(Adjustable.Id);
    }
}
