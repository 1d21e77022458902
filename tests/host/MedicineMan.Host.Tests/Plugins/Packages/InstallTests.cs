using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages;
using MedicineMan.Host.Plugins.Packages.Format;
using MedicineMan.Host.Plugins.Packages.Installed;
using MedicineMan.Sdk;
using MedicineMan.Testbed;
using Microsoft.Extensions.Options;

namespace MedicineMan.Host.Tests.Plugins.Packages;

/// Plugins that are installed, upgraded and removed in the real host while it runs.
public sealed partial class InstallTests : IAsyncLifetime, IDisposable
{
    private const string Hello = "samples.hello";

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
    public async Task A_plugin_is_installed_upgraded_rolled_back_and_removed_without_a_restart()
    {
        Assert.Equal("1.0.0", (await Upload(await forge.Pack("1.0.0"))).ActiveVersion);
        Assert.Equal("Hello, world, from Hello 1.0.0.", await Greeting());
        Assert.Equal("2.0.0", (await Upload(await forge.Pack("2.0.0"))).ActiveVersion);
        Assert.Equal("Hello, world, from Hello 2.0.0.", await Greeting());
        var back = await Installer.RollBack(Actor.System, Hello, default);
        Assert.Equal(("1.0.0", "2.0.0"), (back.ActiveVersion, back.PreviousVersion));
        Assert.Equal("Hello, world, from Hello 1.0.0.", await Greeting());

        await Upload(await forge.Pack("3.0.0"));
        Assert.Equal(["1.0.0", "3.0.0"], (await Store.Versions(Hello, default)).Select(version => version.Version).Order());

        await Installer.Remove(Actor.System, Hello, default);
        Assert.Equal(HttpStatusCode.NotFound, (await owner.Get("/plugins/samples.hello/greeting")).Status);
        Assert.Null(host.Get<PluginCatalogue>().Find(Hello));
        Assert.Empty(await Store.Versions(null, default));
        await Swept();
        Assert.False(Directory.Exists(Path.Combine(host.Data, "plugins", Hello)));

        var audited = (await host.Get<AuditLog>().Page(OrganizationId.Default, null, 50, default)).Items.Select(entry => entry.Action).Where(action => action.StartsWith("plugin.", StringComparison.Ordinal)).Reverse();
        Assert.Equal(
            ["plugin.publisher-pinned", "plugin.installed", "plugin.activated", "plugin.installed", "plugin.activated", "plugin.activated", "plugin.installed", "plugin.activated", "plugin.removed"], audited);
        Assert.Null(await host.Get<AuditLog>().FirstBroken(OrganizationId.Default, default));
    }

    [Fact]
    public async Task Ten_upgrades_under_constant_load_fail_not_one_request()
    {
        await Upload(await forge.Pack("1.0.0"));
        var packages = new List<string>();
        for (var minor = 1; minor <= 10; minor++)
        {
            packages.Add(await forge.Pack($"1.{minor}.0"));
        }

        using var done = new CancellationTokenSource();
        var answers = new ConcurrentQueue<(HttpStatusCode Status, string Text)>();
        var callers = Enumerable.Range(0, 4).Select(_ => Task.Run(() => Call(answers, done.Token))).ToArray();
        foreach (var package in packages)
        {
            await More();
            await Upload(package);
        }

        await More();
        await done.CancelAsync();
        await Task.WhenAll(callers);

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        Assert.Equal(11, answers.Select(answer => answer.Text).Distinct().Count());
        Assert.Equal("Hello, world, from Hello 1.10.0.", await Greeting());

        // Before, between and after all of them, however slow this machine is.
        async Task More()
        {
            var enough = answers.Count + 20;
            await Eventually.Holds(() => Task.FromResult(answers.Count >= enough), otherwise: "Twenty more requests were not answered");
        }
    }

    [Fact]
    public async Task A_new_version_that_does_not_start_leaves_the_old_one_and_says_why()
    {
        await Upload(await forge.Pack("1.0.0"));
        var undeclared = await forge.Pack("2.0.0", json => json["contributes"]!.AsObject().Remove("jobs"));

        var refused = await Assert.ThrowsAsync<PluginRefusedException>(() => Upload(undeclared));

        Assert.Equal("MM1014", refused.Problems[0].Code);
        Assert.Equal("Hello, world, from Hello 1.0.0.", await Greeting());
        var row = (await Store.Find(Hello, default))!;
        Assert.Equal(("1.0.0", "2.0.0"), (row.ActiveVersion, row.PendingVersion));
        Assert.Contains("MM1014", row.Failure, StringComparison.Ordinal);
        Assert.Equal("3.0.0", (await Upload(await forge.Pack("3.0.0"))).ActiveVersion);
    }

    [Theory]
    [InlineData("truncated", "MM1010")]
    [InlineData("empty", "MM1010")]
    [InlineData("script", "MM1017")]
    [InlineData("undeclared button", "MM1014")]
    public async Task What_can_be_seen_to_fail_is_refused_before_anything_is_changed(string fault, string code)
    {
        await Upload(await forge.Pack("1.0.0"));
        string? folder = null;
        var broken = await forge.Pack("2.0.0", files: built =>
        {
            folder = built;
            var (dll, template) = (Path.Combine(built, "MedicineMan.Samples.Hello.dll"), Directory.GetFiles(Path.Combine(built, "Templates"))[0]);
            File.WriteAllBytes(dll, fault switch { "truncated" => File.ReadAllBytes(dll)[..1500], "empty" => [], _ => File.ReadAllBytes(dll) });
            File.AppendAllText(template, fault switch { "script" => "<script>alert(1)</script>", "undeclared button" => "<button data-mm-action=\"other\">x</button>", _ => "" });
        });

        Assert.Equal(code, await Code(() => Upload(broken)));

        var row = (await Store.Find(Hello, default))!;
        Assert.Equal(("1.0.0", null, null), (row.ActiveVersion, row.PendingVersion, row.Failure));
        Assert.Equal("Hello, world, from Hello 1.0.0.", await Greeting());
        // Its author hears of it first.
        Assert.Equal(code, (await Assert.ThrowsAsync<PluginRefusedException>(() => PackageWriter.Pack(folder!, Path.Combine(host.Data, "packed.mmp"), default))).Problems[0].Code);
    }

    [Fact]
    public async Task What_comes_with_the_host_is_neither_replaced_nor_removed_but_can_be_disabled()
    {
        const string linux = "medicineman.linux";
        var twin = await forge.Pack("9.0.0", manifest => (manifest["id"], manifest["publisher"]) = (linux, "medicineman"), signed: false);
        PackageForge.Tamper(twin, zip => PackageForge.Put(zip, PackageForm.ChecksumsFile, Renamed(zip.GetEntry(PackageForm.ChecksumsFile)!.Open(), linux)));
        await PackageForge.Sign(twin, forge.Key, "medicineman");
        Assert.Equal("MM1043", await Code(() => Upload(twin)));
        await Assert.ThrowsAsync<UserFacingException>(() => Installer.Remove(Actor.System, linux, default));

        await Installer.Disable(Actor.System, linux, default);
        Assert.Equal(PluginState.Disabled, host.Get<PluginCatalogue>().Find(linux)!.State);
        Assert.Empty(await host.Get<Grants>().Missing(ManifestReader.Read(Path.Combine(host.Get<IOptions<PluginOptions>>().Value.Folder, "Linux")), default));
        await Installer.Enable(Actor.System, linux, default);
        Assert.Equal(PluginState.Started, host.Get<PluginCatalogue>().Find(linux)!.State);
    }

    [Fact]
    public async Task The_same_version_with_other_files_is_refused_and_files_changed_on_disk_are_not_loaded()
    {
        await Upload(await forge.Pack("1.0.0"));
        Assert.Equal("MM1046", await Code(async () => await Upload(await forge.Pack("1.0.0", manifest => manifest["summary"] = "Other"))));
        await Installer.Disable(Actor.System, Hello, default);
        await File.AppendAllTextAsync(Path.Combine(host.Data, "plugins", Hello, "1.0.0", "Templates", "greeting.html"), "<p>more</p>");

        Assert.Equal("MM1055", await Code(() => Installer.Enable(Actor.System, Hello, default)));
        Assert.Equal(HttpStatusCode.NotFound, (await owner.Get("/plugins/samples.hello/greeting")).Status);
    }

    [Fact]
    public async Task What_was_installed_and_enabled_is_there_after_a_restart_and_what_another_process_disables_goes()
    {
        await Upload(await forge.Pack("1.0.0"));
        await using (var again = await HostComposition.Start(new Host.Setup.HostSettings { Data = host.Data, Urls = "http://127.0.0.1:0" }, default))
        {
            var catalogue = (PluginCatalogue)again.Services.GetService(typeof(PluginCatalogue))!;
            Assert.Equal((PluginState.Started, "1.0.0"), (catalogue.Find(Hello)!.State, catalogue.Find(Hello)!.Version));
            await ((PluginInstaller)again.Services.GetService(typeof(PluginInstaller))!).Disable(Actor.System, Hello, default);
            await again.StopAsync();
        }

        Assert.Equal("Hello, world, from Hello 1.0.0.", await Greeting());
        for (var round = 0; host.Get<PluginCatalogue>().Find(Hello)!.State is not PluginState.Disabled && round < 300; round++)
        {
            await Task.Delay(100);
        }

        Assert.Equal(PluginState.Disabled, host.Get<PluginCatalogue>().Find(Hello)!.State);
        Assert.Equal(HttpStatusCode.NotFound, (await owner.Get("/plugins/samples.hello/greeting")).Status);
    }

    private PluginInstaller Installer => host.Get<PluginInstaller>();

    private InstalledPlugins Store => host.Get<InstalledPlugins>();

    private async Task<InstalledPlugin> Upload(string package)
    {
        await using var stream = File.OpenRead(package);
        return await Installer.Upload(Actor.System, new SentPackage(stream, null), forge.Fingerprint, default);
    }

    private async Task<string> Greeting() => (await owner.Get("/plugins/samples.hello/greeting")).Body;

    private async Task Call(ConcurrentQueue<(HttpStatusCode Status, string Text)> answers, CancellationToken done)
    {
        while (!done.IsCancellationRequested)
        {
            var answer = await owner.Get("/plugins/samples.hello/greeting");
            answers.Enqueue((answer.Status, answer.Body));
        }
    }

    private async Task Swept()
    {
        for (var round = 0; host.Get<PluginCatalogue>().StillInMemory(Hello) > 0 && round < 40; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(25);
        }

        host.Get<PackageShelf>().Sweep(await Store.Versions(null, default), TimeSpan.FromSeconds(-1));
    }

    private static Action<JsonObject> Asking(params string[] capabilities) => manifest => manifest["capabilities"] = PackageForge.Capabilities(capabilities);

    private static async Task<string> Code(Func<Task> act) => (await Assert.ThrowsAsync<PluginRefusedException>(act)).Problems[0].Code;

    private static byte[] Renamed(Stream checksums, string plugin)
    {
        using var reader = new StreamReader(checksums);
        return System.Text.Encoding.UTF8.GetBytes(reader.ReadToEnd().Replace(Hello, plugin, StringComparison.Ordinal));
    }
}
