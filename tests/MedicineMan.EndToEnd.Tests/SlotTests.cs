using MedicineMan.EndToEnd.Tests.Fixtures;

namespace MedicineMan.EndToEnd.Tests;

/// What a plugin draws, in every slot, and its own pages: nothing sticks out on a phone, with pictures of each.
public sealed class SlotTests
{
    [SkippableFact]
    public async Task What_a_plugin_draws_fits_into_every_page_at_every_width()
    {
        await using var stage = await PluginStage.Set(["orders", "a name that is long enough to need more than a line of a telephone", "customers_of_the_year_2026_with_no_space_in_it"]);
        var problems = new List<string>();
        foreach (var (place, name) in stage.Places.Select((place, number) => (place, $"slot-{number}")).Append(("/settings/plugins/tests.adjustable", "plugin")).Append(("/settings/plugins/tests.adjustable/settings", "plugin-settings")))
        {
            await stage.Page.GotoAsync(place);
            problems.AddRange(await Album.Take(stage.Page, name));
        }

        Assert.Empty(problems);
    }
}
