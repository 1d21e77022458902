using System.Net;
using System.Text.Json.Nodes;
using AngleSharp.Dom;
using Dapper;
using MedicineMan.Host.Access;
using MedicineMan.Host.Data;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Tests.Plugins.Settings;

namespace MedicineMan.Host.Tests.Plugins.Slots;

/// Buttons of fragments: declared, permitted, sealed, and done by the host.
public sealed class ActionTests
{
    private const string Page = "/plugins/tests.adjustable/page/page";

    [Fact]
    public async Task A_button_enqueues_the_plugin_s_job_with_what_was_drawn()
    {
        await using var adjustable = await Adjustable.Start(load: false);
        await adjustable.Load(values: ["it's \"one\" & <two>"]);
        var page = await adjustable.Owner.Get(Page);

        var pressed = await Press(adjustable.Owner, page.Page, "Act");

        Assert.Equal(Page, pressed.Location);
        var (type, arguments, attempts, limit) = Assert.Single(await Jobs(adjustable));
        Assert.Equal(("plugin:tests.adjustable/act", 2, TimeSpan.FromSeconds(40).TotalMilliseconds), (type, attempts, limit));
        Assert.Equal(("it's \"one\" & <two>", "it's \"one\" & <two>"), ((string?)JsonNode.Parse(arguments)!["value"], (string?)JsonNode.Parse(arguments)!["otherValue"]));
        Assert.Contains("plugin.action", await adjustable.Audited());
        Assert.Contains("act is on its way", (await adjustable.Owner.Get(Page)).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<button data-mm-action=\"act\">x</button>", "btn")]
    [InlineData("<button class=\"btn btn-primary\" data-mm-action=\"act\">x</button>", "btn btn-primary")]
    public async Task A_button_without_a_look_of_its_own_has_the_host_s(string template, string look)
    {
        await using var adjustable = await Adjustable.Start(load: false);
        await adjustable.Load(template: template);
        Assert.Equal(look, (await adjustable.Owner.Get(Page)).Page.QuerySelector("section.card button")!.ClassName);
    }

    [Fact]
    public async Task An_action_that_asks_first_is_done_only_after_the_answer()
    {
        await using var adjustable = await Adjustable.Start();

        var asked = await Press(adjustable.Owner, (await adjustable.Owner.Get(Page)).Page, "Act surely");
        Assert.Contains("This cannot be undone.", asked.Text, StringComparison.Ordinal);
        Assert.Empty(await Jobs(adjustable));
        var fields = asked.Page.QuerySelectorAll("form.card input[type=hidden]").Select(field => (field.GetAttribute("name")!, field.GetAttribute("value")!)).ToArray();
        Assert.Equal(Page, (await adjustable.Owner.Post("/plugins/tests.adjustable/actions/act-surely", null, fields)).Location);
        Assert.Equal("{\"value\":\"all\"}", Assert.Single(await Jobs(adjustable)).Arguments);
    }

    [Fact]
    public async Task What_is_forged_is_refused()
    {
        await using var adjustable = await Adjustable.Start();
        var page = await adjustable.Owner.Get(Page);
        var seal = page.Page.QuerySelector("form[action='/plugins/tests.adjustable/actions/act'] input[name=Sealed]")!.GetAttribute("value")!;
        var other = await adjustable.Host.Member(Role.Admin);
        var theirs = await other.Get(Page);
        var act = "/plugins/tests.adjustable/actions/act";

        Assert.Equal(HttpStatusCode.BadRequest, (await adjustable.Owner.Post(act, null, ("Sealed", seal))).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await adjustable.Owner.Post(act, page.Token)).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await adjustable.Owner.Post(act, page.Token, ("Sealed", "CfDJ8" + seal[5..^4] + "AAAA"))).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await adjustable.Owner.Post("/plugins/tests.adjustable/actions/act-surely", page.Token, ("Sealed", seal), ("Confirmed", "true"))).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await adjustable.Owner.Post("/plugins/tests.adjustable/actions/other", page.Token, ("Sealed", seal))).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await other.Post(act, theirs.Token, ("Sealed", seal))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await adjustable.Owner.Get(act)).Status);
        Assert.Empty(await Jobs(adjustable));

        // A way back that leads elsewhere leads home.
        Assert.Equal("/", (await adjustable.Owner.Post(act, page.Token, ("Sealed", seal), ("Back", "https://evil.example/"))).Location);
    }

    [Fact]
    public async Task Who_may_not_press_a_button_sees_why_and_cannot_press_it_by_hand()
    {
        await using var adjustable = await Adjustable.Start();
        var looker = await adjustable.Host.Member(Role.Viewer);
        var clerk = await adjustable.Host.Member(Role.Operator);
        var seal = (await clerk.Get(Page)).Page.QuerySelector("input[name=Sealed]")!.GetAttribute("value")!;

        var page = await looker.Get(Page);
        Assert.All(page.Page.QuerySelectorAll("section.card button"), button => Assert.True(button.HasAttribute("disabled")));
        Assert.Equal("This needs the role operator.", page.Page.QuerySelector("section.card button")!.GetAttribute("title"));
        Assert.Empty(page.Page.QuerySelectorAll("input[name=Sealed]"));
        Assert.Equal(HttpStatusCode.Forbidden, (await looker.Post("/plugins/tests.adjustable/actions/act", page.Token, ("Sealed", seal))).Status);
        var clerks = (await clerk.Get(Page)).Page.QuerySelectorAll("section.card button").Select(button => (button.TextContent, button.HasAttribute("disabled")));
        Assert.Equal([("Act", false), ("Act surely", true)], clerks);
        Assert.Empty(await Jobs(adjustable));
    }

    [Theory]
    [InlineData("<button data-mm-action=\"other\">x</button>", "MM1014", "\"other\", which its manifest does not name")]
    [InlineData("<button data-mm-action=\"{{ subject }}\">x</button>", "MM1017", "in data-mm-action; a value may stand in")]
    [InlineData("<button>x</button>", "MM1017", "A button without data-mm-action")]
    [InlineData("<button data-mm-action=\"act\" data-mm-argument-=\"x\">x</button>", "MM1017", "data-mm-argument-=")]
    [InlineData("<button data-mm-action=\"act\" formaction=\"https://evil.example\">x</button>", "MM1017", "formaction")]
    [InlineData("<button data-mm-action=\"act\" onclick=\"alert(1)\">x</button>", "MM1017", "onclick")]
    [InlineData("<button data-mm-action=\"act\" form=\"sign-out\" name=\"x\">x</button>", "MM1017", "form=")]
    [InlineData("<button data-mm-action=\"act\" data-open=\"keys\">x</button>", "MM1017", "data-open")]
    [InlineData("<button data-mm-action=\"act\" data-mm-argument-server-id=\"x\">x</button>", "MM1014", "gives \"serverId\" to the job \"act\", and ActArguments has no JSON property of that name")]
    [InlineData("<a data-mm-action=\"act\">x</a>", "MM1017", "data-mm-action=")]
    public async Task A_button_that_reaches_for_more_is_refused_when_the_plugin_is_loaded(string button, string code, string sentence)
    {
        using var folder = new Testbed.TemporaryFolder();
        await using var host = await PluginTestHost.Start([]);
        var copy = PluginFolders.Copy(PluginFolders.Adjustable, folder["plugin"]);
        await File.WriteAllTextAsync(Path.Combine(copy, "Templates", "everything.html"), button);

        var refused = await Assert.ThrowsAsync<PluginRefusedException>(() => host.Lifecycle.Load(copy, CancellationToken.None));

        Assert.Contains(refused.Problems, problem => problem.Code == code && problem.What.Contains(sentence, StringComparison.Ordinal));
    }

    private static Task<TestAnswer> Press(TestBrowser browser, IParentNode page, string label)
    {
        var button = page.QuerySelectorAll("section.card button").Single(one => one.TextContent == label);
        var form = page.QuerySelector($"form[id='{button.GetAttribute("form")}']")!;
        return browser.Post(form.GetAttribute("action")!, null, [.. form.QuerySelectorAll("input").Select(field => (field.GetAttribute("name")!, field.GetAttribute("value")!))]);
    }

    private static async Task<IReadOnlyList<(string Type, string Arguments, int Attempts, long Limit)>> Jobs(Adjustable adjustable)
    {
        await using var connection = await adjustable.Host.Get<Database>().OpenRead(CancellationToken.None);
        return [.. (await connection.QueryAsync<(string, string, int, long)>("select type, arguments, max_attempts, time_limit from jobs where type like 'plugin:%'"))];
    }
}
