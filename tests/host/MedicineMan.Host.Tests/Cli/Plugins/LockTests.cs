using System.Text.Json.Nodes;
using MedicineMan.Host.Access;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Plugins.Packages;
using MedicineMan.Host.Plugins.Packages.Installed;
using MedicineMan.Host.Tests.Plugins.Packages;
using MedicineMan.Sdk;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Cli.Plugins;

/// What one host has, written down and brought to another one, by commands alone.
public sealed class LockTests : IDisposable
{
    private readonly PackageForge forge = new();
    private readonly TemporaryFolder folder = new("lock");

    private string File => folder["plugins.lock.json"];

    [Fact]
    public async Task A_fresh_host_comes_to_the_same_plugins_with_the_same_hashes_and_approvals()
    {
        var fromRegistry = await forge.Pack("1.0.0", json => json["capabilities"] = PackageForge.Capabilities("secrets", "exec:sudo"));
        var registry = await forge.Registry(1, [fromRegistry]);
        await using (var first = await TestHost.Start())
        {
            var token = await CommandTests.Token(first, Role.Admin);
            foreach (var arguments in (string[][])[["registry", "add", registry], ["install", "samples.hello"], ["approve", "samples.hello", "--all", "--confirm", "exec:sudo"], ["disable", "medicineman.linux"], ["lock", "--out", File]])
            {
                var done = CommandTests.Remote(first, token, ["plugin", .. arguments]);
                Assert.True(done.Code == 0, done.Error);
            }

            // The page's file is the command's.
            var owner = await first.Owner();
            Assert.Equal("?handler=Lock", new Uri(first.Url, (await owner.Get("/settings/plugins")).Page.QuerySelector("a[download]")!.GetAttribute("href")!).Query);
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(await System.IO.File.ReadAllTextAsync(File)), JsonNode.Parse((await owner.Get("/settings/plugins?handler=Lock")).Text)));
            Assert.Equal(System.Net.HttpStatusCode.Forbidden, (await (await first.Member(Role.Operator)).Get("/settings/plugins?handler=Lock")).Status);
        }

        await using var second = await TestHost.Start();
        var other = await CommandTests.Token(second, Role.Admin);
        var installed = CommandTests.Remote(second, other, "plugin", "install", "--lock", File);
        Assert.True(installed.Code == 0, installed.Error);

        Assert.Equal((PluginState.Started, "1.0.0"), (second.Get<PluginCatalogue>().Find("samples.hello")!.State, second.Get<PluginCatalogue>().Find("samples.hello")!.Version));
        Assert.Equal(PluginState.Disabled, second.Get<PluginCatalogue>().Find("medicineman.linux")!.State);
        Assert.Equal(["exec:sudo", "secrets"], (await second.Get<Grants>().Of("samples.hello", default)).Order(StringComparer.Ordinal));
        Assert.Equal(await System.IO.File.ReadAllTextAsync(File), CommandTests.Remote(second, other, "plugin", "lock").Output);
        Assert.Equal(0, CommandTests.Remote(second, other, "plugin", "install", "--lock", File).Code);
    }

    [Fact]
    public async Task What_cannot_be_the_same_is_refused_by_name_before_anything_is_changed()
    {
        await using var host = await TestHost.Start();
        var token = await CommandTests.Token(host, Role.Admin);
        var package = await forge.Pack("1.0.0");
        await using (var stream = System.IO.File.OpenRead(package))
        {
            await host.Get<PluginInstaller>().Upload(Actor.System, new SentPackage(stream, null), forge.Fingerprint, default);
        }

        Assert.Equal(0, CommandTests.Remote(host, token, "plugin", "lock", "--out", File).Code);
        Assert.Equal(0, CommandTests.Remote(host, token, "plugin", "remove", "samples.hello", "--confirm", "samples.hello").Code);
        (int Code, string Output, string Error) Install() => CommandTests.Remote(host, token, "plugin", "install", "--lock", File);

        var alone = Install();
        Assert.True(alone.Code == 1 && alone.Error.Contains("samples.hello 1.0.0 was uploaded, so its package must lie beside the file", StringComparison.Ordinal), alone.Error);
        System.IO.File.Copy(await forge.Pack("1.0.0", json => json["summary"] = "Another one."), folder["samples.hello-1.0.0.mmp"]);
        var changed = Install();
        Assert.True(changed.Code == 1 && changed.Error.Contains("samples.hello-1.0.0.mmp has the SHA-256", StringComparison.Ordinal), changed.Error);
        Assert.Null(host.Get<PluginCatalogue>().Find("samples.hello"));

        System.IO.File.Copy(package, folder["samples.hello-1.0.0.mmp"], overwrite: true);
        var right = Install();
        Assert.True(right.Code == 0, right.Error);
        Assert.Equal("1.0.0", host.Get<PluginCatalogue>().Find("samples.hello")!.Version);

        Change(plugin => plugin["version"] = "9.9.9", "medicineman.linux");
        var newer = Install();
        Assert.True(newer.Code == 1 && newer.Error.Contains("medicineman.linux 9.9.9 comes with its host; this one has", StringComparison.Ordinal) && newer.Error.Contains("Nothing was changed.", StringComparison.Ordinal), newer.Error);
        await System.IO.File.WriteAllTextAsync(File, "{\"lock\": 2, \"plugins\": []}");
        Assert.Contains("is no lock file", Install().Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_that_offers_another_package_or_shows_another_key_is_refused()
    {
        await using var host = await TestHost.Start();
        var token = await CommandTests.Token(host, Role.Admin);
        var registry = await forge.Registry(1, [await forge.Pack("1.0.0")]);
        foreach (var arguments in (string[][])[["registry", "add", registry], ["install", "samples.hello"], ["lock", "--out", File], ["remove", "samples.hello", "--confirm", "samples.hello"]])
        {
            Assert.Equal(0, CommandTests.Remote(host, token, ["plugin", .. arguments]).Code);
        }

        Change(plugin => plugin["sha256"] = new string('0', 64), "samples.hello");
        var other = CommandTests.Remote(host, token, "plugin", "install", "--lock", File);
        Assert.True(other.Code == 1 && other.Error.Contains("MM1054", StringComparison.Ordinal), other.Error);
        Change(plugin => plugin["registryKey"] = "SHA256:other", "samples.hello");
        var key = CommandTests.Remote(host, token, "plugin", "install", "--lock", File);
        Assert.True(key.Code == 1 && key.Error.Contains($"samples.hello 1.0.0: the registry {registry} is signed with {forge.Fingerprint}; the file says SHA256:other", StringComparison.Ordinal), key.Error);
        Assert.Null(host.Get<PluginCatalogue>().Find("samples.hello"));
    }

    [Fact]
    public async Task Approvals_of_a_version_that_is_there_become_those_of_the_file()
    {
        await using var host = await TestHost.Start();
        var token = await CommandTests.Token(host, Role.Admin);
        void Optional(JsonObject json)
        {
            json["capabilities"] = PackageForge.Capabilities("secrets", "exec:sudo");
            json["capabilities"]![1]!["optional"] = true;
        }

        // The version before asked for more; that is no part of what the file is about.
        var registry = await forge.Registry(1, [await forge.Pack("1.0.0", json => json["capabilities"] = PackageForge.Capabilities("secrets", "jobs")), await forge.Pack("2.0.0", Optional)]);
        foreach (var arguments in (string[][])[
            ["registry", "add", registry], ["install", "samples.hello", "--to", "1.0.0"], ["approve", "samples.hello", "--all"], ["upgrade", "samples.hello"],
            ["lock", "--out", File]])
        {
            var done = CommandTests.Remote(host, token, ["plugin", .. arguments]);
            Assert.True(done.Code == 0, done.Error);
        }

        async Task<IEnumerable<string>> Approved() => (await host.Get<Grants>().Of("samples.hello", default)).Order(StringComparer.Ordinal);
        var locked = await System.IO.File.ReadAllTextAsync(File);
        Assert.Equal(["secrets"], JsonNode.Parse(locked)!["plugins"]!.AsArray().Single(plugin => (string?)plugin!["id"] == "samples.hello")!["approved"]!.AsArray().Select(text => (string?)text));

        Change(plugin => plugin["approved"] = new JsonArray("exec:sudo", "secrets"), "samples.hello");
        var more = CommandTests.Remote(host, token, "plugin", "install", "--lock", File);
        Assert.True(more.Code == 0, more.Error);
        Assert.Equal(["exec:sudo", "jobs", "secrets"], await Approved());
        await System.IO.File.WriteAllTextAsync(File, locked);
        var less = CommandTests.Remote(host, token, "plugin", "install", "--lock", File);
        Assert.True(less.Code == 0, less.Error);
        Assert.Equal(["jobs", "secrets"], await Approved());
        await Assert.ThrowsAsync<CapabilityDeniedException>(async () => await host.Get<PluginCatalogue>().Active.Single(plugin => plugin.Manifest.Id == "samples.hello").Lent.Grant.Need("exec:sudo", "try"));

        Change(plugin => plugin["approved"] = new JsonArray(), "samples.hello");
        var none = CommandTests.Remote(host, token, "plugin", "install", "--lock", File);
        Assert.True(none.Code == 1 && none.Error.Contains("cannot run without secrets", StringComparison.Ordinal), none.Error);
        Assert.Equal(["jobs", "secrets"], await Approved());
    }

    public void Dispose()
    {
        folder.Dispose();
        forge.Dispose();
    }

    private void Change(Action<JsonObject> change, string id)
    {
        var json = JsonNode.Parse(System.IO.File.ReadAllText(File))!;
        change(json["plugins"]!.AsArray().Single(plugin => (string?)plugin!["id"] == id)!.AsObject());
        System.IO.File.WriteAllText(File, json.ToJsonString());
    }
}
