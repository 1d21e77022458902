using System.Net;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Servers;
using MedicineMan.Host.Tests.Plugins.Settings;

namespace MedicineMan.Host.Tests.Plugins.Slots;

/// Each slot of a manifest has its place on a page, and whatever a fragment does there stays in a card.
public sealed class SlotTests
{
    [Fact]
    public async Task Every_slot_is_drawn_where_it_belongs_and_knows_whose_page_it_is_on()
    {
        await using var adjustable = await Adjustable.Start();
        var server = await Server(adjustable.Host);
        var run = await Run(adjustable.Host, server);

        await Drawn(adjustable, "/", "nobody");
        await Drawn(adjustable, "/settings", "nobody");
        await Drawn(adjustable, $"/servers/{server}", server);
        await Drawn(adjustable, $"/servers/{server}/tab/tests.adjustable/tab", server);
        await Drawn(adjustable, $"/backups/runs/{run}", run);
        var page = await Drawn(adjustable, "/plugins/tests.adjustable/page/page", "nobody");

        Assert.Equal("Adjustments", page.Page.QuerySelector("h1")!.TextContent);
        Assert.Equal("page", page.Page.QuerySelector(".side nav a[href='/plugins/tests.adjustable/page/page']")!.GetAttribute("aria-current"));
        var tabs = (await adjustable.Owner.Get($"/servers/{server}")).Page.QuerySelectorAll(".nav-tabs a").Select(tab => tab.TextContent);
        Assert.Equal(["Overview", "Adjusted"], tabs);
    }

    [Fact]
    public async Task A_fragment_that_fails_is_a_card_and_the_page_stands_everywhere()
    {
        await using var adjustable = await Adjustable.Start(load: false);
        await adjustable.Load(values: ["fail"]);
        var server = await Server(adjustable.Host);

        foreach (var path in (string[])["/", "/settings", $"/servers/{server}", $"/servers/{server}/tab/tests.adjustable/tab", $"/backups/runs/{await Run(adjustable.Host, server)}", "/plugins/tests.adjustable/page/page"])
        {
            var page = await adjustable.Owner.Get(path);
            Assert.Equal(HttpStatusCode.OK, page.Status);
            var card = page.Page.QuerySelector("section[aria-label=Adjustable]")!;
            Assert.Contains("Not drawn", card.TextContent, StringComparison.Ordinal);
            Assert.Contains("no data today", card.TextContent, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_slot_ends_with_its_plugin_and_an_unknown_one_is_no_page()
    {
        await using var adjustable = await Adjustable.Start();
        var server = await Server(adjustable.Host);
        Assert.Equal(HttpStatusCode.NotFound, (await adjustable.Owner.Get("/plugins/tests.adjustable/page/tab")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await adjustable.Owner.Get($"/servers/{server}/tab/tests.adjustable/page")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await adjustable.Owner.Get("/servers/none/tab/tests.adjustable/tab")).Status);
        Assert.Equal(HttpStatusCode.Redirect, (await adjustable.Host.Stranger().Get("/plugins/tests.adjustable/page/page")).Status);

        await adjustable.Host.Get<PluginLifecycle>().Retire(Adjustable.Id);

        Assert.Equal(HttpStatusCode.NotFound, (await adjustable.Owner.Get("/plugins/tests.adjustable/page/page")).Status);
        Assert.DoesNotContain("Adjustments", (await adjustable.Owner.Get("/")).Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Adjusted", (await adjustable.Owner.Get($"/servers/{server}")).Text, StringComparison.Ordinal);
    }

    private static Task<string> Server(TestHost host) => host.Get<ServerStore>().Add(
        OrganizationId.Default, new ServerDraft { Name = "web-1", Address = "192.0.2.1", UserName = "root", Tags = [], Credential = new NewCredential("password", "sesame") }, Actor.System, CancellationToken.None);

    private static async Task<TestAnswer> Drawn(Adjustable adjustable, string path, string subject)
    {
        var page = await adjustable.Owner.Get(path);
        var card = page.Page.QuerySelector("section[aria-label=Adjustable]");
        Assert.True(card is not null, $"{path}: {page.Status} {page.Text}");
        Assert.Equal(subject, card.QuerySelector("p")!.TextContent);
        return page;
    }

    /// A run as its row, so that no backup has to be made.
    private static async Task<string> Run(TestHost host, string server)
    {
        await host.Get<Database>().Write(
            transaction => Dapper.SqlMapper.ExecuteAsync(
                transaction.Connection!,
                """
                insert into runs (id, organization_id, plan_id, server_id, repository_id, kind, items, dump_state, store_state, prove_state, snapshot_id, tools, created_at)
                values ('run-1', 'default', '', @server, '', 'postgres', '["shop"]', 'done', 'done', 'skipped', 'abcdef0123456789', '{}', 0)
                """,
                new { server }, transaction),
            CancellationToken.None);
        return "run-1";
    }
}
