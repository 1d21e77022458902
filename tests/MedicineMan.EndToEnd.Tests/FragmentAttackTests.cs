using MedicineMan.EndToEnd.Tests.Fixtures;
using Microsoft.Playwright;

namespace MedicineMan.EndToEnd.Tests;

/// Data of strangers in every slot and in a settings form, in a real browser: nothing of it ever runs.
public sealed class FragmentAttackTests
{
    // Whatever an attack would do ends in one of these.
    private const string Watch = """
        window.hits = [];
        for (const name of ["alert", "confirm", "prompt", "msgbox"]) window[name] = what => window.hits.push(name + " " + what);
        addEventListener("securitypolicyviolation", event => window.hits.push("policy " + event.violatedDirective + " " + event.blockedURI));
        """;

    // Every handler an attack could have brought in is tried.
    private const string Provoke = """
        () => {
          const cards = [...document.querySelectorAll("section[aria-label=Adjustable], form.card")];
          const kinds = ["mouseover", "mouseenter", "focus", "focusin", "blur", "load", "error", "toggle", "animationstart", "begin", "pointerover"];
          for (const part of cards.flatMap(card => [...card.querySelectorAll("*")])) for (const kind of kinds) part.dispatchEvent(new Event(kind, { bubbles: true }));
        }
        """;

    [SkippableFact]
    public async Task No_attack_in_any_slot_ever_runs()
    {
        Assert.True(Attacks.All.Count >= 60);
        await using var stage = await PluginStage.Set(Attacks.All);
        var page = stage.Page;
        var dialogs = new List<string>();
        page.Dialog += async (_, dialog) =>
        {
            dialogs.Add(dialog.Message);
            await dialog.DismissAsync();
        };
        await page.AddInitScriptAsync(Watch);

        foreach (var place in stage.Places)
        {
            await page.GotoAsync(place);
            var card = page.Locator("section[aria-label=Adjustable]");
            await Assertions.Expect(card.Locator("li")).ToHaveCountAsync(Attacks.All.Count);
            await page.EvaluateAsync(Provoke);
            Assert.Empty(await page.EvaluateAsync<string[]>("window.hits"));
            var texts = await card.Locator("li > a").EvaluateAllAsync<string[]>("links => links.map(link => link.textContent)");
            Assert.Equal(Attacks.All, texts);
            // The sanitiser takes a title with an old browser's script in it, &{…}, out altogether.
            var titles = await card.Locator("li").EvaluateAllAsync<string[]>("items => items.map(item => item.title)");
            Assert.Equal(Attacks.All.Select(attack => attack.Contains("&{", StringComparison.Ordinal) ? "" : attack), titles);
            var schemes = await card.Locator("a").EvaluateAllAsync<string[]>("links => [...new Set(links.map(link => link.protocol))]");
            Assert.All(schemes, scheme => Assert.Contains(scheme, (string[])["http:", "https:"]));
            var tags = await card.EvaluateAsync<string[]>("card => [...new Set([...card.querySelectorAll('*')].map(part => part.localName))].sort()");
            Assert.Equal(["a", "button", "div", "form", "input", "li", "p", "span", "table", "tbody", "td", "time", "tr", "ul"], tags);
            var attributes = await card.EvaluateAsync<string[]>("card => [...new Set([...card.querySelectorAll('*')].flatMap(part => part.getAttributeNames()))].sort()");
            Assert.Equal(["action", "class", "datetime", "form", "hidden", "href", "id", "method", "name", "title", "type", "value"], attributes);
        }

        // The host's own buttons are all that acts, one for each attack and the one that asks first.
        await Assertions.Expect(page.Locator("section[aria-label=Adjustable] button")).ToHaveCountAsync(Attacks.All.Count + 1);
        Assert.Equal([], dialogs);
        Assert.Equal([], stage.Browser.Offences);

        // And the watch works: what does run is seen.
        await page.EvaluateAsync("alert('control')");
        Assert.Equal(["alert control"], await page.EvaluateAsync<string[]>("window.hits"));
    }

    [SkippableFact]
    public async Task No_attack_typed_into_a_settings_form_ever_runs_and_fields_out_of_sight_are_hidden()
    {
        await using var stage = await PluginStage.Set(["x"]);
        var page = stage.Page;
        await page.AddInitScriptAsync(Watch);
        await page.GotoAsync("/settings/plugins/tests.adjustable/settings");
        var certificate = page.Locator("#Settings_certificate");
        await Assertions.Expect(certificate).ToBeHiddenAsync();
        await page.SelectOptionAsync("#Settings_mode", "tls");
        await Assertions.Expect(certificate).ToBeVisibleAsync();
        var line = string.Join(' ', Attacks.All).Replace('\t', ' ').Replace("\u0001", "", StringComparison.Ordinal);
        await certificate.FillAsync(line);
        await page.FillAsync("#Settings_name", "<b>Ada</b>");
        await page.FillAsync("#Settings_password", "sesame");
        await page.FillAsync("#Settings_tags", "<img src=x onerror=alert(1)>");

        await Save(page);
        await Assertions.Expect(page.Locator("form .alert[role=alert]")).ToContainTextAsync("<img src=x onerror=alert(1)>");
        await Assertions.Expect(page.Locator("form .alert[role=alert]")).ToBeFocusedAsync();
        Assert.Equal(line, await certificate.InputValueAsync());
        Assert.Equal("", await page.InputValueAsync("#Settings_password"));

        await page.FillAsync("#Settings_tags", "");
        await page.FillAsync("#Settings_password", "sesame");
        await Save(page);
        await Assertions.Expect(page.Locator("main .alert-success")).ToContainTextAsync("saved and in force");
        Assert.Equal(line, await certificate.InputValueAsync());
        Assert.DoesNotContain("sesame", await page.ContentAsync(), StringComparison.Ordinal);
        await page.EvaluateAsync(Provoke);
        Assert.Empty(await page.EvaluateAsync<string[]>("window.hits"));
        Assert.Equal([], stage.Browser.Offences);
    }

    [SkippableFact]
    public async Task A_declared_button_works_in_a_real_browser_without_any_script()
    {
        await using var stage = await PluginStage.Set(["<b>one</b>"]);
        await stage.Page.GotoAsync("/plugins/tests.adjustable/page/page");

        await stage.Page.GetByRole(AriaRole.Button, new() { Name = "Act surely" }).ClickAsync();
        await Assertions.Expect(stage.Page.Locator("main")).ToContainTextAsync("This cannot be undone.");
        await stage.Page.GetByRole(AriaRole.Button, new() { Name = "Yes, do it" }).ClickAsync();

        await stage.Page.Reaches("**/plugins/tests.adjustable/page/page");
        await Assertions.Expect(stage.Page.Locator("main .alert-success")).ToContainTextAsync("act-surely is on its way");
        Assert.Equal([], stage.Browser.Offences);
    }

    /// A long word and a wide table stay in their card, on a phone too.
    [SkippableFact]
    public async Task What_a_plugin_draws_never_makes_a_page_wider_than_its_screen()
    {
        await using var stage = await PluginStage.Set([new string('w', 300), .. Enumerable.Range(0, 12).Select(at => $"column-{at}-of-a-wide-table")]);
        await stage.Page.SetViewportSizeAsync(360, 740);
        foreach (var place in stage.Places)
        {
            await stage.Page.GotoAsync(place);
            await Assertions.Expect(stage.Page.Locator("section[aria-label=Adjustable] td")).ToHaveCountAsync(13);
            Assert.True(await stage.Page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= 360, $"{place} is wider than the screen.");
        }
    }

    private static Task Save(IPage page) => page.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }).ClickAsync();
}
