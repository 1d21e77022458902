using System.Net;
using MedicineMan.Host.Access;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Plugins.Packages;
using MedicineMan.Host.Plugins.Packages.Installed;
using MedicineMan.Host.Tests.Api;

namespace MedicineMan.Host.Tests.Plugins.Packages;

/// Plugins in the browser: upload, approve, switch, remove.
public sealed class PackagePagesTests : IAsyncLifetime, IDisposable
{
    private const string List = "/settings/plugins";
    private const string Install = "/settings/plugins/install";
    private const string Approve = "/settings/plugins/install/samples.hello";

    private readonly PackageForge forge = new();
    private TestHost host = null!;
    private TestBrowser owner = null!;

    public async Task InitializeAsync()
    {
        host = await TestHost.Start();
        owner = await host.Owner();
    }

    public async Task DisposeAsync() => await host.DisposeAsync();

    public void Dispose() => forge.Dispose();

    [Fact]
    public async Task An_uploaded_plugin_shows_what_it_asks_for_and_runs_only_when_all_of_it_is_approved()
    {
        var package = await forge.Pack("1.0.0", manifest => manifest["capabilities"] = PackageForge.Capabilities("store", "cloud:write"));
        Assert.Contains("MM1039", (await Upload(owner, package)).Page.QuerySelector("[role=alert]")!.TextContent, StringComparison.Ordinal);
        Assert.Equal(Approve, (await Upload(owner, package, forge.Fingerprint)).Location);

        var asked = await owner.Get(Approve);
        Assert.All((string[])["It needs store to greet.", "It needs cloud:write to greet.", forge.Fingerprint, "Hello 1.0.0"], text => Assert.Contains(text, asked.Text, StringComparison.Ordinal));
        Assert.NotNull(asked.Page.QuerySelector("input[name=confirmed]"));
        Assert.Equal(PluginState.Disabled, host.Get<PluginCatalogue>().Find("samples.hello")!.State);
        Assert.Contains("See what it asks for", (await owner.Get(List)).Page.GetElementById("plugin-samples.hello")!.TextContent, StringComparison.Ordinal);

        var untyped = await owner.Send(Approve, ("version", "1.0.0"), ("approved", "store"), ("approved", "cloud:write"), ("confirmed", "yes"));
        Assert.Contains("type its name exactly", untyped.Text, StringComparison.Ordinal);
        Assert.Equal(List, (await owner.Send(Approve, ("version", "1.0.0"), ("approved", "store"), ("approved", "cloud:write"), ("confirmed", "cloud:write"))).Location);
        Assert.Contains("Running", (await owner.Get(List)).Page.GetElementById("plugin-samples.hello")!.TextContent, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await owner.Get(Approve)).Status);
    }

    [Fact]
    public async Task What_is_wrong_with_a_package_is_said_of_the_file_that_was_chosen_and_of_the_version_that_did_not_start()
    {
        var package = await forge.Pack("1.0.0");
        var broken = Path.Combine(Path.GetDirectoryName(package)!, "my <b>upload.mmp");
        await File.WriteAllBytesAsync(broken, (await File.ReadAllBytesAsync(package))[..1000]);
        Assert.Contains("MM1030 my <b>upload.mmp ", (await Upload(owner, broken)).Page.QuerySelector("[role=alert]")!.TextContent, StringComparison.Ordinal);

        await Upload(owner, package, forge.Fingerprint);
        await Upload(owner, await forge.Pack("2.0.0", manifest => manifest["contributes"]!["jobs"] = new System.Text.Json.Nodes.JsonArray()));
        var failed = await owner.Get(Approve);
        Assert.Contains("It did not start, and version 1.0.0 stays.", failed.Text, StringComparison.Ordinal);
        Assert.Contains("MM1014", failed.Page.QuerySelector("[role=alert]")!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_found_disabled_enabled_rolled_back_and_removed_with_confirmation()
    {
        await Upload(owner, await forge.Pack("1.0.0"), forge.Fingerprint);
        Assert.Equal(List, (await Upload(owner, await forge.Pack("2.0.0"))).Location);

        var found = await owner.Get(List + "?q=samples.HEL");
        Assert.Equal("plugin-samples.hello", Assert.Single(found.Page.QuerySelectorAll("section.card")).Id);
        Assert.Contains(forge.Fingerprint, found.Text, StringComparison.Ordinal);
        Assert.Contains("No plugin here fits", (await owner.Get(List + "?q=nonsense")).Text, StringComparison.Ordinal);

        Assert.Equal(List, (await owner.Send(List + "?handler=RollBack", ("id", "samples.hello"))).Location);
        Assert.Equal("1.0.0", host.Get<PluginCatalogue>().Find("samples.hello")!.Version);
        Assert.Equal(List, (await owner.Send(List + "?handler=Disable", ("id", "samples.hello"))).Location);
        Assert.Equal(PluginState.Disabled, host.Get<PluginCatalogue>().Find("samples.hello")!.State);
        Assert.Equal(List, (await owner.Send(List + "?handler=Enable", ("id", "samples.hello"))).Location);
        Assert.Equal(PluginState.Started, host.Get<PluginCatalogue>().Find("samples.hello")!.State);
        Assert.Contains("Nothing was removed", (await owner.Send(List + "?handler=Remove", ("id", "samples.hello"), ("confirmation", "hello"))).Text, StringComparison.Ordinal);
        Assert.Equal(List, (await owner.Send(List + "?handler=Remove", ("id", "samples.hello"), ("confirmation", "samples.hello"))).Location);
        Assert.Null(host.Get<PluginCatalogue>().Find("samples.hello"));
    }

    [Fact]
    public async Task A_registry_is_added_and_what_it_offers_is_installed_with_one_button()
    {
        var place = await forge.Registry(1, [await forge.Pack("1.0.0")]);
        Assert.Contains("no place of a registry", (await owner.Send(Install + "?handler=Add", ("location", "http://plain.example.org"))).Text, StringComparison.Ordinal);
        Assert.Equal(Install, (await owner.Send(Install + "?handler=Add", ("location", place))).Location);
        Assert.Contains(forge.Fingerprint, (await owner.Get(Install)).Text, StringComparison.Ordinal);

        var row = (await owner.Get(List)).Page.GetElementById("available")!;
        Assert.Contains("samples.hello", row.TextContent, StringComparison.Ordinal);
        Assert.Equal(List, (await owner.Send(Install + "?handler=Install", ("plugin", "samples.hello"), ("version", "1.0.0"))).Location);
        Assert.Equal(PluginState.Started, host.Get<PluginCatalogue>().Find("samples.hello")!.State);
        Assert.Null((await owner.Get(List)).Page.GetElementById("available"));
    }

    [Fact]
    public async Task Who_is_no_administrator_sees_no_actions_and_can_do_none()
    {
        await Upload(owner, await forge.Pack("1.0.0"), forge.Fingerprint);
        var viewer = await host.Member(Role.Viewer);
        var page = await viewer.Get(List);

        Assert.Empty(page.Page.QuerySelectorAll("main form[method=post]"));
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.Get(Install)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.Get(Approve)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.Post(List + "?handler=Disable", page.Token, ("id", "samples.hello"))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await owner.Post(List + "?handler=Disable", null, ("id", "samples.hello"))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await Upload(owner, await forge.Pack("2.0.0"), token: "")).Status);
        Assert.Equal("1.0.0", (await host.Get<InstalledPlugins>().Find("samples.hello", default))!.ActiveVersion);
    }

    [Fact]
    public async Task An_owner_of_another_organisation_decides_on_no_plugin()
    {
        using var other = await ApiCaller.As(host, Role.Owner, "elsewhere");
        using var admin = await ApiCaller.As(host, Role.Admin);

        var refused = await other.Post("plugins/medicineman.linux/disable");
        Assert.Equal((403, "role-missing"), (refused.Status, refused.Code));
        Assert.Contains("first organisation", refused.Detail, StringComparison.Ordinal);
        Assert.Equal(403, (await other.Get("plugins/medicineman.linux/settings")).Status);
        Assert.Equal(403, (await other.Send(HttpMethod.Put, "plugins/medicineman.linux/settings", new { settings = new { } })).Status);
        Assert.Equal(403, (await other.Post("plugins/registries", new { location = "/nowhere" })).Status);
        Assert.Equal(200, (await other.Get("plugins")).Status);

        var disabled = await admin.Post("plugins/medicineman.linux/disable", key: "once");
        Assert.Equal((200, "disabled"), (disabled.Status, disabled.Json.GetProperty("state").GetString()));
        await host.Get<PluginInstaller>().Enable(Actor.System, "medicineman.linux", default);
        Assert.Equal(disabled.Content, (await admin.Post("plugins/medicineman.linux/disable", key: "once")).Content);
        Assert.Equal(PluginState.Started, host.Get<PluginCatalogue>().Find("medicineman.linux")!.State);
    }

    [Fact]
    public async Task The_lists_come_in_pages_by_id()
    {
        using var viewer = await ApiCaller.As(host, Role.Viewer);
        var all = (await viewer.Get("plugins")).Items.Select(plugin => plugin.GetProperty("id").GetString()!).ToArray();

        var read = new List<string>();
        for (var page = await viewer.Get("plugins?size=1"); ; page = await viewer.Get($"plugins?size=1&after={page.Next}"))
        {
            read.Add(Assert.Single(page.Items).GetProperty("id").GetString()!);
            if (page.Next is null)
            {
                break;
            }
        }

        Assert.True(all.Length > 2);
        Assert.Equal(all.Order(StringComparer.Ordinal), read);
        Assert.Equal(422, (await viewer.Get("plugins?after=nonsense")).Status);
        Assert.Equal(400, (await viewer.Get("plugins/available?size=0")).Status);
        Assert.Equal(400, (await viewer.Get("plugins/registries?size=201")).Status);
    }

    private static async Task<TestAnswer> Upload(TestBrowser browser, string package, string trust = "", string? token = null)
    {
        token ??= (await browser.Get(Install)).Token!;
        using var form = new MultipartFormDataContent
        {
            { new ByteArrayContent(await File.ReadAllBytesAsync(package)), "package", Path.GetFileName(package) },
            { new StringContent(trust), "trust" },
            { new StringContent(token), "__RequestVerificationToken" },
        };
        return await TestAnswer.Of(await browser.Client.PostAsync(new Uri(Install + "?handler=Upload", UriKind.Relative), form));
    }
}
