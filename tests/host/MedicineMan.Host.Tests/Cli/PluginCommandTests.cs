using System.Text.Json;
using MedicineMan.Host.Access;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Tests.Plugins;
using MedicineMan.Host.Tests.Plugins.Packages;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Cli;

/// From a built folder to a running plugin and out again, by commands alone.
public sealed class PluginCommandTests
{
    [Fact]
    public async Task A_plugin_is_packed_signed_verified_installed_approved_and_removed()
    {
        using var folder = new TemporaryFolder("plugin-cli");
        var built = PluginFolders.Copy(PluginFolders.Hello, folder["built"], manifest => manifest["capabilities"] = PackageForge.Capabilities("exec:sudo"));
        await using var host = await TestHost.Start();
        var token = await CommandTests.Token(host, Role.Admin);
        (int Code, string Output, string Error) Remote(params string[] arguments) => CommandTests.Remote(host, token, ["plugin", .. arguments]);

        var key = Json(CommandTests.Run(null, "plugin", "key", "new", folder["key.pem"], "--json"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder["key.pem"]));
        Assert.Equal(1, CommandTests.Run(null, "plugin", "key", "new", folder["key.pem"]).Code);
        Assert.Equal(0, CommandTests.Run(null, "plugin", "pack", built, "--output", folder["hello.mmp"]).Code);
        Assert.Equal(0, CommandTests.Run(null, "plugin", "sign", folder["hello.mmp"], "--key", folder["key.pem"]).Code);
        var verified = Json(CommandTests.Run(null, "plugin", "verify", folder["hello.mmp"], "--json"));
        var fingerprint = key.GetProperty("fingerprint").GetString()!;
        Assert.Equal(("samples.hello", fingerprint), (verified.GetProperty("plugin").GetString(), verified.GetProperty("key").GetString()));

        var unknown = Remote("install", folder["hello.mmp"]);
        Assert.True(unknown.Code == 1 && unknown.Error.Contains("MM1039", StringComparison.Ordinal) && unknown.Error.Contains($"--trust {fingerprint}", StringComparison.Ordinal), unknown.Error);
        Assert.Contains($"{built} is a folder. Make a package of it with: medicineman plugin pack {built}", Remote("install", built).Error, StringComparison.Ordinal);
        Assert.Contains($"There is no file {folder["gone.mmp"]}.", Remote("install", folder["gone.mmp"]).Error, StringComparison.Ordinal);
        using (var large = File.Create(folder["large.mmp"]))
        {
            large.SetLength((32L << 20) + 1);
        }

        Assert.Contains("large.mmp is larger than 32 MiB, the most a package may be.", Remote("install", folder["large.mmp"]).Error, StringComparison.Ordinal);
        var installed = Remote("install", folder["hello.mmp"], "--trust", fingerprint);
        Assert.True(installed.Code == 0 && installed.Error.Contains("plugin approve samples.hello", StringComparison.Ordinal), installed.Error);
        var asked = Remote("approve", "samples.hello");
        Assert.True(asked.Code == 1 && asked.Output.Contains("It needs exec:sudo to greet.", StringComparison.Ordinal), asked.Output);
        Assert.Equal(1, Remote("approve", "samples.hello", "--all").Code);
        var approved = Remote("approve", "samples.hello", "--all", "--confirm", "exec:sudo");
        Assert.True(approved.Code == 0, approved.Error);
        Assert.Equal(PluginState.Started, host.Get<PluginCatalogue>().Find("samples.hello")!.State);
        Assert.Contains("started", Remote("list").Output, StringComparison.Ordinal);
        Assert.Equal(0, Remote("disable", "samples.hello").Code);
        Assert.Equal(PluginState.Disabled, host.Get<PluginCatalogue>().Find("samples.hello")!.State);
        Assert.Equal(0, Remote("enable", "samples.hello").Code);
        var unconfirmed = Remote("remove", "samples.hello");
        Assert.True(unconfirmed.Code == 1 && unconfirmed.Error.Contains("--confirm samples.hello. Nothing was changed.", StringComparison.Ordinal), unconfirmed.Error);
        Assert.NotNull(host.Get<PluginCatalogue>().Find("samples.hello"));
        Assert.Equal(0, Remote("remove", "samples.hello", "--confirm", "samples.hello").Code);
        Assert.Null(host.Get<PluginCatalogue>().Find("samples.hello"));

        await File.WriteAllBytesAsync(folder["hello.mmp"], File.ReadAllBytes(folder["hello.mmp"])[..1000]);
        var broken = CommandTests.Run(null, "plugin", "verify", folder["hello.mmp"]);
        Assert.True(broken.Code == 1 && broken.Error.StartsWith("MM1030", StringComparison.Ordinal), broken.Error);
        var sent = Remote("install", folder["hello.mmp"]);
        Assert.True(sent.Code == 1 && sent.Error.StartsWith("MM1030 hello.mmp ", StringComparison.Ordinal), sent.Error);
        Assert.All((string[][])[["sign", "--key", folder["key.pem"]], ["verify"]], verb =>
            Assert.Equal((1, $"There is no file {folder["gone.mmp"]}."), CommandTests.Run(null, ["plugin", verb[0], folder["gone.mmp"], .. verb[1..]]) is var gone ? (gone.Code, gone.Error.Trim()) : default));
    }

    [Fact]
    public async Task What_the_version_in_use_may_do_is_granted_and_revoked()
    {
        using var forge = new PackageForge();
        await using var host = await TestHost.Start();
        var token = await CommandTests.Token(host, Role.Admin);
        (int Code, string Output, string Error) Approve(params string[] arguments) => CommandTests.Remote(host, token, ["plugin", "approve", "samples.hello", .. arguments]);
        var package = await forge.Pack("1.0.0", manifest =>
        {
            manifest["capabilities"] = PackageForge.Capabilities("store", "exec", "exec:sudo");
            (manifest["capabilities"]![1]!["optional"], manifest["capabilities"]![2]!["optional"]) = (true, true);
            manifest["capabilities"]![1]!["scope"] = new System.Text.Json.Nodes.JsonArray("df", "free");
        });
        Assert.Equal(0, CommandTests.Remote(host, token, "plugin", "install", package, "--trust", forge.Fingerprint).Code);
        Assert.Equal(0, Approve("--capability", "store").Code);
        async Task<IReadOnlySet<string>> Granted() => await host.Get<MedicineMan.Host.Plugins.Packages.Installed.Grants>().Of("samples.hello", default);

        Assert.Equal(0, Approve("--grant", "exec").Code);
        Assert.Equal(["exec df", "exec free", "store"], (await Granted()).Order(StringComparer.Ordinal));
        var untyped = Approve("--grant", "exec:sudo");
        Assert.True(untyped.Code == 1 && untyped.Error.Contains("type its name exactly", StringComparison.Ordinal), untyped.Error);
        Assert.Equal(0, Approve("--grant", "exec:sudo", "--revoke", "exec", "--confirm", "exec:sudo").Code);
        Assert.Equal(["exec:sudo", "store"], (await Granted()).Order(StringComparer.Ordinal));

        var needed = Approve("--revoke", "store");
        Assert.True(needed.Code == 1 && needed.Error.Contains("cannot run without store", StringComparison.Ordinal), needed.Error);
        var unasked = Approve("--grant", "net");
        Assert.True(unasked.Code == 1 && unasked.Error.Contains("does not ask for \"net\"", StringComparison.Ordinal), unasked.Error);
        Assert.Equal(["exec:sudo", "store"], (await Granted()).Order(StringComparer.Ordinal));
        var shown = Json(Approve("--json")).EnumerateArray().ToDictionary(one => one.GetProperty("name").GetString()!, one => one.GetProperty("approved").GetBoolean());
        Assert.Equal((true, false, true), (shown["store"], shown["exec"], shown["exec:sudo"]));
    }

    [Fact]
    public async Task A_registry_is_signed_added_and_installed_from()
    {
        using var forge = new PackageForge();
        await using var host = await TestHost.Start();
        var token = await CommandTests.Token(host, Role.Admin);
        (int Code, string Output, string Error) Remote(params string[] arguments) => CommandTests.Remote(host, token, ["plugin", .. arguments]);
        await File.WriteAllTextAsync(forge.Place("key.pem"), forge.Key.ExportPkcs8PrivateKeyPem());
        var registry = await forge.Registry(1, [await forge.Pack("1.0.0")], json => json["signature"] = null);
        var spoiled = (await File.ReadAllTextAsync(registry)).Replace("Greets.", "Greets people.", StringComparison.Ordinal);
        await File.WriteAllTextAsync(registry, spoiled);

        Assert.Contains("MM1051", Remote("registry", "add", registry).Error, StringComparison.Ordinal);
        var signed = CommandTests.Run(null, "plugin", "sign", registry, "--key", forge.Place("key.pem"), "--key-id", "index");
        Assert.True(signed.Code == 0, signed.Error);
        var added = Remote("registry", "add", registry, "--json");
        Assert.True(added.Code == 0, added.Error);
        Assert.Contains("samples.hello", Remote("list", "--available").Output, StringComparison.Ordinal);
        Assert.Equal(0, Remote("install", "samples.hello").Code);
        Assert.Equal("1.0.0", host.Get<PluginCatalogue>().Find("samples.hello")!.Version);

        await forge.Registry(2, [await forge.Pack("1.0.1")], json => PackageForge.Plugin(json)["advisories"] = PackageForge.Advisory("<1.0.1", "warn"));
        Assert.Equal(0, Remote("registry", "refresh", Json(added).GetProperty("id").GetString()!).Code);
        Assert.Contains("S-<1.0.1 (high): It says hello to strangers.", Remote("list").Output, StringComparison.Ordinal);
        Assert.Contains("S-<1.0.1 (high): It says hello to strangers.", CommandTests.Remote(host, token, "doctor").Output, StringComparison.Ordinal);
        Assert.Equal(0, Remote("registry", "remove", Json(added).GetProperty("id").GetString()!).Code);
    }

    private static JsonElement Json((int Code, string Output, string Error) command)
    {
        Assert.True(command.Code == 0, command.Error);
        return JsonElement.Parse(command.Output);
    }
}
