using System.Net;
using MedicineMan.Host.Access;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Plugins.Manifests;

namespace MedicineMan.Host.Tests.Plugins.Settings;

/// The form of a plugin's settings as a person uses it.
public sealed class SettingsPageTests
{
    [SkippableTheory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task Saved_settings_are_in_force_at_once_and_their_secrets_in_the_vault(string database)
    {
        await using var adjustable = await Adjustable.Start(database);
        Assert.Equal((true, "plain", 25, "00:15:00"), ((bool)(await adjustable.Current())["loud"]!, (string?)(await adjustable.Current())["mode"], (int)(await adjustable.Current())["port"]!, (string?)(await adjustable.Current())["every"]));

        Assert.Equal("15m", (await adjustable.Owner.Get(Adjustable.Page)).Page.GetElementById("Settings_every")!.GetAttribute("value"));

        var saved = await adjustable.Owner.Send(Adjustable.Page, Adjustable.Fields(
            ("mode", "tls"), ("certificate", "cert <1>"), ("port", "465"), ("ratio", "0.25"), ("tags", "a\nb"), ("levels", "3"), ("site", "https://example.org/"), ("every", "2h"), ("when", "0 3 * * *"), ("folder", "/srv"), ("host", "db")));

        Assert.Equal(Adjustable.Page, saved.Location);
        var now = await adjustable.Current();
        Assert.Equal("""{"name":"Ada","loud":false,"mode":"tls","certificate":"cert \u003C1\u003E","port":465,"password":"HANDLE","ratio":0.25,"tags":["a","b"],"levels":[3],"site":"https://example.org/","every":"02:00:00","when":"0 3 * * *","folder":"/srv","host":"db"}""",
            now.ToJsonString().Replace((string)now["password"]!, "HANDLE", StringComparison.Ordinal));
        Assert.Equal("sesame", await adjustable.Opened((string)now["password"]!));
        Assert.DoesNotContain("sesame", (await adjustable.Row())!.ToString(), StringComparison.Ordinal);
        Assert.Contains("plugin.settings-saved", await adjustable.Audited());

        var page = await adjustable.Owner.Get(Adjustable.Page);
        Assert.DoesNotContain("sesame", page.Body, StringComparison.Ordinal);
        Assert.DoesNotContain((string)now["password"]!, page.Body, StringComparison.Ordinal);
        Assert.Equal("2h", page.Page.GetElementById("Settings_every")!.GetAttribute("value"));
        Assert.Equal("cert <1>", page.Page.GetElementById("Settings_certificate")!.GetAttribute("value"));
        Assert.Contains("saved and in force", page.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_left_empty_stays_and_a_new_one_takes_its_place()
    {
        await using var adjustable = await Adjustable.Start();
        await adjustable.Owner.Send(Adjustable.Page, Adjustable.Fields());
        var first = (string)(await adjustable.Current())["password"]!;

        await adjustable.Owner.Send(Adjustable.Page, Adjustable.Fields(("password", ""), ("name", "Grace")));
        Assert.Equal(("Grace", first), ((string?)(await adjustable.Current())["name"], (string?)(await adjustable.Current())["password"]));

        await adjustable.Owner.Send(Adjustable.Page, Adjustable.Fields(("password", "open up")));
        var second = (string)(await adjustable.Current())["password"]!;
        Assert.Equal("open up", await adjustable.Opened(second));
        Assert.Equal([second], await adjustable.Secrets());

        var removed = await adjustable.Owner.Send(Adjustable.Page, Adjustable.Fields(("password", ""), ("password.remove", "true")));
        Assert.Contains("Password is missing.", removed.Text, StringComparison.Ordinal);
        Assert.Equal([second], await adjustable.Secrets());
    }

    [Fact]
    public async Task What_was_tested_can_be_saved_from_the_page_that_says_so()
    {
        await using var adjustable = await Adjustable.Start();
        var token = (await adjustable.Owner.Get(Adjustable.Page)).Token;

        var tested = await adjustable.Owner.Post(Adjustable.Page + "?handler=Test", token, Adjustable.Fields());

        Assert.Contains("They are not saved yet", tested.Text, StringComparison.Ordinal);
        var form = tested.Page.QuerySelector("main form.card")!;
        Assert.Equal(Adjustable.Page, form.GetAttribute("action"));
        Assert.Null(form.QuerySelector("button.btn-primary")!.GetAttribute("formaction"));
        Assert.NotNull(tested.Token);
    }

    [Fact]
    public async Task A_setting_that_the_plugin_s_type_has_no_place_for_is_refused_when_the_plugin_is_loaded()
    {
        await using var adjustable = await Adjustable.Start(load: false);

        var refused = await Assert.ThrowsAsync<PluginRefusedException>(() => adjustable.Load(manifest =>
            manifest["settings"]!["properties"]!.AsObject().Add("Loudness", new System.Text.Json.Nodes.JsonObject { ["type"] = "string", ["title"] = "Loudness" })));

        Assert.Equal("MM1014", refused.Problems[0].Code);
        Assert.Contains("has the settings Loudness in its manifest, and", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_mistake_is_shown_at_its_field_and_nothing_is_saved()
    {
        await using var adjustable = await Adjustable.Start();

        var answer = await adjustable.Owner.Send(Adjustable.Page, Adjustable.Fields(("name", "\"><b>x</b>"), ("mode", "tls"), ("port", "0"), ("password", "abc"), ("ratio", "much"), ("tags", "A1"), ("when", "never")));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        foreach (var wrong in (string[])["certificate", "port", "password", "ratio", "tags", "when"])
        {
            var field = answer.Page.GetElementById($"Settings_{wrong}")!;
            Assert.Equal("true", field.GetAttribute("aria-invalid"));
            Assert.Contains($"Settings_{wrong}-error", field.GetAttribute("aria-describedby")!, StringComparison.Ordinal);
            Assert.NotNull(answer.Page.GetElementById($"Settings_{wrong}-error"));
            Assert.NotNull(answer.Page.QuerySelector($"[role=alert] a[href='#Settings_{wrong}']"));
        }

        Assert.Equal("\"><b>x</b>", answer.Page.GetElementById("Settings_name")!.GetAttribute("value"));
        Assert.Equal("A1", answer.Page.GetElementById("Settings_tags")!.TextContent);
        Assert.DoesNotContain("abc", answer.Body, StringComparison.Ordinal);
        Assert.Null(await adjustable.Row());
    }

    [Fact]
    public async Task A_form_names_its_fields_their_hints_and_their_groups()
    {
        await using var adjustable = await Adjustable.Start();
        var page = (await adjustable.Owner.Get(Adjustable.Page)).Page;

        Assert.All(page.QuerySelectorAll("form.card input:not([type=hidden]):not([type=checkbox]), form.card select, form.card textarea"), field => Assert.NotNull(page.QuerySelector($"label[for='{field.Id}']")));
        Assert.All(page.QuerySelectorAll("[aria-describedby]"), field => Assert.All(field.GetAttribute("aria-describedby")!.Split(' '), id => Assert.NotNull(page.GetElementById(id))));
        Assert.Equal("Connection", page.GetElementById("Settings_port")!.Closest("fieldset")!.QuerySelector("legend")!.TextContent);
        Assert.Equal("{\"Settings.mode\":[\"tls\"]}", page.GetElementById("Settings_certificate")!.Closest("[data-show-if]")!.GetAttribute("data-show-if"));
        Assert.Contains("Only when Mode is tls.", page.Body!.TextContent, StringComparison.Ordinal);
        Assert.Equal("password", page.GetElementById("Settings_password")!.GetAttribute("type"));
        Assert.Null(page.GetElementById("Settings_password")!.GetAttribute("value"));
    }

    [Theory]
    [InlineData("refused", "The other side refused <b>this</b> name.", false)]
    [InlineData("boom", "a fault of the author's", true)]
    public async Task Settings_whose_test_fails_are_saved_only_when_somebody_insists(string name, string sentence, bool fault)
    {
        await using var adjustable = await Adjustable.Start();

        var refused = await adjustable.Owner.Send(Adjustable.Page, Adjustable.Fields(("name", name)));
        Assert.Contains(sentence, refused.Text, StringComparison.Ordinal);
        Assert.Equal("", (string?)(await adjustable.Current())["name"]);
        Assert.Null((await adjustable.Row())!.Settings);
        Assert.Equal(fault ? 1 : 0, adjustable.Host.Get<PluginCatalogue>().Find(Adjustable.Id)!.Faults);

        // The secret is not typed again: it waits in the vault under the draft.
        var draft = refused.Page.QuerySelector("input[name=DraftId]")!.GetAttribute("value")!;
        Assert.DoesNotContain("sesame", refused.Body, StringComparison.Ordinal);
        var saved = await adjustable.Owner.Post($"{Adjustable.Page}?handler=Anyway", refused.Token, [("DraftId", draft), .. Adjustable.Fields(("name", name), ("password", ""))]);
        Assert.Equal(Adjustable.Page, saved.Location);
        Assert.Equal(name, (string?)(await adjustable.Current())["name"]);
        Assert.Equal("sesame", await adjustable.Opened((string)(await adjustable.Current())["password"]!));
    }

    [Fact]
    public async Task A_test_alone_changes_nothing_and_its_secret_goes_when_another_is_entered()
    {
        await using var adjustable = await Adjustable.Start();
        var tested = await adjustable.Owner.Send($"{Adjustable.Page}?handler=Test", Adjustable.Fields());
        Assert.Contains("These settings work. They are not saved yet.", tested.Text, StringComparison.Ordinal);
        Assert.Equal("", (string?)(await adjustable.Current())["name"]);
        Assert.Single(await adjustable.Secrets());

        await adjustable.Owner.Send(Adjustable.Page, Adjustable.Fields(("password", "another")));
        Assert.Equal([(string)(await adjustable.Current())["password"]!], await adjustable.Secrets());
    }

    [Fact]
    public async Task Only_an_administrator_sees_and_saves_settings_and_a_forged_form_is_refused()
    {
        await using var adjustable = await Adjustable.Start();
        var clerk = await adjustable.Host.Member(Role.Operator);
        Assert.Equal(HttpStatusCode.Forbidden, (await clerk.Get(Adjustable.Page)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await clerk.Post(Adjustable.Page, null, Adjustable.Fields())).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await adjustable.Owner.Post(Adjustable.Page, null, Adjustable.Fields())).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await adjustable.Owner.Get("/settings/plugins/medicineman.linux/settings")).Status);
        Assert.Null(await adjustable.Row());
    }

    [SkippableTheory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task Settings_of_an_older_shape_are_migrated_and_kept_for_the_way_back(string database)
    {
        await using var adjustable = await Adjustable.Start(database, Older);
        await adjustable.Owner.Send(Adjustable.Page, ("Settings.label", "Ada"), ("Settings.password", "sesame"));
        var handle = (await adjustable.Row())!.Owned.Single();

        await adjustable.Load();
        Assert.Equal(("Ada", handle), ((string?)(await adjustable.Current())["name"], (string?)(await adjustable.Current())["password"]));
        Assert.Equal((2, 1), ((await adjustable.Row())!.Version, (await adjustable.Row())!.PreviousVersion));

        await adjustable.Load(Older);
        Assert.Equal("Ada", (string?)(await adjustable.Row())!.Values!["label"]);
        Assert.Equal("sesame", await adjustable.Opened(handle));
        await adjustable.Load();
        Assert.Equal("Ada", (string?)(await adjustable.Current())["name"]);
    }

    [Fact]
    public async Task An_upgrade_that_cannot_migrate_leaves_the_old_version_in_use()
    {
        await using var adjustable = await Adjustable.Start(change: Older);
        await adjustable.Owner.Send(Adjustable.Page, ("Settings.label", "cannot"), ("Settings.password", "sesame"));

        var refused = await Assert.ThrowsAsync<PluginRefusedException>(() => adjustable.Load());

        Assert.Equal("MM1080", refused.Problems[0].Code);
        Assert.Contains("no way across", refused.Message, StringComparison.Ordinal);
        Assert.Equal("1.0.0", adjustable.Host.Get<PluginCatalogue>().Find(Adjustable.Id)!.Version);
        Assert.Equal("cannot", (string?)(await adjustable.Row())!.Values!["label"]);
    }

    [Fact]
    public async Task What_another_node_saved_is_in_force_here_after_a_look()
    {
        await using var adjustable = await Adjustable.Start("sqlite");
        await adjustable.Owner.Send(Adjustable.Page, Adjustable.Fields());
        var since = (await adjustable.Row())!.SavedAt;
        await adjustable.Load();
        Assert.Equal("Ada", (string?)(await adjustable.Current())["name"]);
        await adjustable.Host.Get<Host.Data.Database>().Write(
            transaction => Dapper.SqlMapper.ExecuteAsync(transaction.Connection!, "update plugin_settings set settings = replace(settings, 'Ada', 'Elsewhere')", transaction: transaction), CancellationToken.None);

        await adjustable.Host.Get<Host.Plugins.Settings.PluginSettings>().Refresh(since, CancellationToken.None);

        Assert.Equal("Elsewhere", (string?)(await adjustable.Current())["name"]);
    }

    private static void Older(System.Text.Json.Nodes.JsonObject manifest)
    {
        var properties = manifest["settings"]!["properties"]!.AsObject();
        (manifest["version"], manifest["settingsVersion"], manifest["settings"]!["required"]) = ("1.0.0", 1, new System.Text.Json.Nodes.JsonArray("label", "password"));
        properties["label"] = properties["name"]!.DeepClone();
        properties.Remove("name");
        properties.Remove("certificate");
    }
}
