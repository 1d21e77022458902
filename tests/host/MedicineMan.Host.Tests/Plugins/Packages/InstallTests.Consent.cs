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
using Microsoft.Extensions.Options;

namespace MedicineMan.Host.Tests.Plugins.Packages;

/// What a person is asked before a plugin may do it, or come from there.
public sealed partial class InstallTests
{
    [Fact]
    public async Task What_a_plugin_can_do_without_is_approved_and_withdrawn_while_it_runs()
    {
        void Optional(JsonObject json)
        {
            json["capabilities"] = PackageForge.Capabilities("store", "exec:sudo");
            json["capabilities"]![1]!["optional"] = true;
        }

        await Upload(await forge.Pack("1.0.0", Optional));
        await Installer.Approve(Actor.System, Hello, "1.0.0", ["store"], [], default);
        async Task<bool> Lends(string capability) => await Record.ExceptionAsync(async () => await host.Get<PluginCatalogue>().Active.Single(plugin => plugin.Manifest.Id == Hello).Lent.Grant.Need(capability, "try")) is null;
        Assert.Equal((true, false), (await Lends("store"), await Lends("exec:sudo")));
        Assert.Contains("exec:sudo (not approved)", (await owner.Get("/settings/plugins/samples.hello")).Text, StringComparison.Ordinal);

        var form = await owner.Get("/settings/plugins/install/samples.hello");
        Assert.Contains("It runs without these", form.Text, StringComparison.Ordinal);
        Assert.Contains("type its name exactly", (await owner.Post("/settings/plugins/install/samples.hello", form.Token, ("version", "1.0.0"), ("approved", "exec:sudo"), ("confirmed", ""))).Text, StringComparison.Ordinal);
        Assert.Equal((true, false), (await Lends("store"), await Lends("exec:sudo")));
        Assert.Equal("/settings/plugins/samples.hello", (await owner.Post("/settings/plugins/install/samples.hello", form.Token, ("version", "1.0.0"), ("approved", "exec:sudo"), ("confirmed", "exec:sudo"))).Location);
        Assert.True(await Lends("exec:sudo"));
        Assert.DoesNotContain("(not approved)", (await owner.Get("/settings/plugins/samples.hello")).Text, StringComparison.Ordinal);

        await owner.Post("/settings/plugins/install/samples.hello", form.Token, ("version", "1.0.0"));
        Assert.Equal((true, false), (await Lends("store"), await Lends("exec:sudo")));
        Assert.Contains("cannot run without store", (await Assert.ThrowsAsync<UserFacingException>(() => Installer.Reapprove(Actor.System, Hello, [], [], default))).Message, StringComparison.Ordinal);
        Assert.Contains("does not ask for", (await Assert.ThrowsAsync<UserFacingException>(() => Installer.Reapprove(Actor.System, Hello, ["store", "jobs"], [], default))).Message, StringComparison.Ordinal);
        Assert.Equal(["store"], await host.Get<Grants>().Of(Hello, default));
    }

    [Fact]
    public async Task Nothing_runs_before_its_capabilities_are_approved_and_an_update_that_adds_one_asks_again()
    {
        var pending = await Upload(await forge.Pack("1.0.0", Asking("exec")));
        Assert.Equal((null, "1.0.0"), (pending.ActiveVersion, pending.PendingVersion));
        Assert.Equal(PluginState.Disabled, host.Get<PluginCatalogue>().Find(Hello)!.State);
        Assert.Equal(HttpStatusCode.NotFound, (await owner.Get("/plugins/samples.hello/greeting")).Status);
        Assert.Equal("MM1049", (await Assert.ThrowsAsync<PluginRefusedException>(() => Installer.Enable(Actor.System, Hello, default))).Problems[0].Code);
        await Assert.ThrowsAsync<UserFacingException>(() => Installer.Approve(Actor.System, Hello, "1.0.0", [], [], default));

        Assert.Equal("1.0.0", (await Installer.Approve(Actor.System, Hello, "1.0.0", ["exec"], [], default)).ActiveVersion);
        Assert.Equal("1.1.0", (await Upload(await forge.Pack("1.1.0", Asking("exec")))).ActiveVersion);

        Assert.Equal("2.0.0", (await Upload(await forge.Pack("2.0.0", Asking("exec", "exec:sudo")))).PendingVersion);
        Assert.Equal("Hello, world, from Hello 1.1.0.", await Greeting());
        Assert.Equal(["exec:sudo"], (await host.Get<PluginListing>().Pending(Hello, default))!.Asked.Select(capability => capability.Name));
        await Installer.Decline(Actor.System, Hello, default);
        Assert.Equal(("1.1.0", null), ((await Store.Find(Hello, default))!.ActiveVersion, (await Store.Find(Hello, default))!.PendingVersion));
        Assert.Equal("2.0.0", (await Upload(await forge.Pack("2.0.0", Asking("exec", "exec:sudo")))).PendingVersion);
        var untyped = await Assert.ThrowsAsync<UserFacingException>(() => Installer.Approve(Actor.System, Hello, "2.0.0", ["exec:sudo"], ["sudo"], default));
        Assert.Contains("type its name exactly", untyped.Message, StringComparison.Ordinal);
        Assert.Equal("2.0.0", (await Installer.Approve(Actor.System, Hello, "2.0.0", ["exec:sudo"], ["exec:sudo"], default)).ActiveVersion);
        Assert.Equal(["exec", "exec:sudo"], await host.Get<Grants>().Of(Hello, default));
    }

    [Fact]
    public async Task An_unknown_publisher_a_changed_key_and_a_missing_signature_are_refused_until_a_person_says_otherwise()
    {
        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var fingerprint = PackageKey.Fingerprint(PackageKey.PublicOf(stranger));
        var unknown = await Assert.ThrowsAsync<PluginRefusedException>(async () => await Installer.Upload(Actor.System, new SentPackage(File.OpenRead(await forge.Pack("1.0.0")), null), null, default));
        Assert.Equal("MM1039", unknown.Problems[0].Code);
        Assert.Contains(forge.Fingerprint, unknown.Message, StringComparison.Ordinal);
        await Upload(await forge.Pack("1.0.0"));

        // Known or not: whoever says which key he compared is not handed a package that has another one.
        Assert.Equal("MM1040", await Code(async () => await Installer.Upload(Actor.System, new SentPackage(File.OpenRead(await forge.Pack("1.5.0")), null), fingerprint, default)));
        Assert.Equal("Hello, world, from Hello 1.0.0.", await Greeting());

        var changed = await forge.Pack("2.0.0", key: stranger);
        Assert.Equal("MM1040", await Code(() => Installer.Upload(Actor.System, new SentPackage(File.OpenRead(changed), null), null, default)));
        Assert.Equal("MM1040", await Code(() => Installer.Upload(Actor.System, new SentPackage(File.OpenRead(changed), null), forge.Fingerprint, default)));
        Assert.Equal("Hello, world, from Hello 1.0.0.", await Greeting());
        Assert.Equal("2.0.0", (await Installer.Upload(Actor.System, new SentPackage(File.OpenRead(changed), null), fingerprint, default)).ActiveVersion);
        Assert.Equal(fingerprint, Assert.Single(await Store.Pins(default)).Fingerprint);

        var unsigned = await forge.Pack("3.0.0", signed: false);
        Assert.Equal("MM1037", await Code(() => Upload(unsigned)));
        host.Get<IOptions<PluginOptions>>().Value.AllowUnsigned = true;
        Assert.Equal("3.0.0", (await Upload(unsigned)).ActiveVersion);
        Assert.Contains("without a signature", (await owner.Get("/settings/plugins")).Page.GetElementById("unsigned")!.TextContent, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(host.Data, "plugins", ".staging")));
    }
}
