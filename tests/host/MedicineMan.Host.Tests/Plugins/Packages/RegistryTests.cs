using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages;
using MedicineMan.Host.Plugins.Packages.Installed;
using MedicineMan.Host.Plugins.Packages.Registries;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MedicineMan.Host.Tests.Plugins.Packages;

/// Registries of third parties: what they offer, what they warn of, and how far they are believed.
public sealed class RegistryTests : IAsyncLifetime, IDisposable
{
    private const string Hello = "samples.hello";

    private readonly PackageForge forge = new();
    private TestHost host = null!;

    public async Task InitializeAsync() => host = await TestHost.Start();

    public async Task DisposeAsync() => await host.DisposeAsync();

    public void Dispose() => forge.Dispose();

    [Fact]
    public async Task The_newest_version_that_fits_is_offered_installed_and_offered_as_an_upgrade()
    {
        var packages = new[] { await forge.Pack("1.9.0"), await forge.Pack("1.10.0"), await forge.Pack("2.0.0") };
        await Registries.Add(Actor.System, await forge.Registry(1, packages, registry => PackageForge.Plugin(registry)["versions"]![2]!["yanked"] = true), default);

        Assert.Equal("1.10.0", Assert.Single(await host.Get<PluginListing>().Available("hell", default)).Version.Version);
        Assert.Equal("MM1045", await Code(() => Installer.Install(Actor.System, Hello, "2.0.0", null, default)));
        Assert.Equal("1.9.0", (await Installer.Install(Actor.System, Hello, "1.9.0", null, default)).ActiveVersion);
        Assert.Equal("1.10.0", (await host.Get<PluginListing>().Find(Hello, default))!.Upgrade);
        Assert.Equal("1.10.0", (await Installer.Upgrade(Actor.System, Hello, null, null, default)).ActiveVersion);
        await Assert.ThrowsAsync<UserFacingException>(() => Installer.Upgrade(Actor.System, Hello, null, null, default));
        Assert.Equal(forge.Fingerprint, Assert.Single(await host.Get<InstalledPlugins>().Pins(default)).Fingerprint);
        Assert.Empty(await host.Get<PluginListing>().Available(null, default));
    }

    public static TheoryData<string, string> Lies => new()
    {
        { "size", "MM1050" }, { "larger size", "MM1047" }, { "sha256", "MM1047" }, { "version", "MM1047" }, { "sdk", "MM1047" }, { "signature", "MM1047" }, { "key", "MM1039" }, { "capabilities", "MM1047" },
        { "revoked", "MM1042" }, { "expired", "MM1042" }, { "ftp", "MM1047" }, { "gone", "MM1050" },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task A_registry_that_does_not_agree_with_the_package_installs_nothing(string lie, string code)
    {
        var package = await forge.Pack("1.0.0", lie == "capabilities" ? manifest => manifest["capabilities"] = PackageForge.Capabilities("exec") : null);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await Registries.Add(Actor.System, await forge.Registry(1, [package], registry => Lie(registry, lie, Host.Plugins.Packages.Format.PackageKey.PublicOf(other)), other), default);

        Assert.Equal(code, await Code(() => Installer.Install(Actor.System, Hello, lie == "version" ? "1.0.1" : "1.0.0", null, default)));
        Assert.Null(await host.Get<InstalledPlugins>().Find(Hello, default));
        Assert.False(Directory.Exists(Path.Combine(host.Data, "plugins", Hello)));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(host.Data, "plugins", ".staging")));
    }

    [Fact]
    public async Task A_blocking_advisory_takes_an_installed_version_out_of_use_with_its_reason_and_a_fixed_one_brings_it_back()
    {
        var (one, two) = (await forge.Pack("1.0.0"), await forge.Pack("1.1.0"));
        var registry = await Registries.Add(Actor.System, await forge.Registry(1, [one]), default);
        await Installer.Install(Actor.System, Hello, null, null, default);

        await forge.Registry(2, [one, two], json => PackageForge.Plugin(json)["advisories"] = PackageForge.Advisory("<1.1.0", "block"));
        await Registries.Refresh(registry.Id, default);
        await Installer.Tend(default);

        var status = host.Get<PluginCatalogue>().Find(Hello)!;
        Assert.Equal(PluginState.Disabled, status.State);
        Assert.Contains("It says hello to strangers.", status.Reason, StringComparison.Ordinal);
        Assert.Equal("MM1044", await Code(() => Installer.Enable(Actor.System, Hello, default)));
        Assert.Equal("MM1044", await Code(() => Installer.Install(Actor.System, Hello, "1.0.0", null, default)));
        Assert.Equal("1.1.0", (await Installer.Upgrade(Actor.System, Hello, null, null, default)).ActiveVersion);
        Assert.Equal(PluginState.Started, host.Get<PluginCatalogue>().Find(Hello)!.State);
        Assert.Equal("MM1044", await Code(() => Installer.RollBack(Actor.System, Hello, default)));

        await forge.Registry(3, [one, two], json => PackageForge.Plugin(json)["advisories"] = PackageForge.Advisory("<2.0.0", "warn"));
        await Registries.Refresh(registry.Id, default);
        await Installer.Tend(default);
        Assert.Equal("It says hello to strangers.", Assert.Single((await host.Get<PluginListing>().Find(Hello, default))!.Warnings).Text);
        Assert.Equal(PluginState.Started, host.Get<PluginCatalogue>().Find(Hello)!.State);
    }

    [Fact]
    public async Task An_older_serial_a_wrong_signature_and_another_key_are_refused_and_what_was_known_stays()
    {
        var package = await forge.Pack("1.0.0");
        var place = await forge.Registry(5, [package]);
        var registry = await Registries.Add(Actor.System, place, default);

        await forge.Registry(4, [package]);
        Assert.Equal("MM1052", await Code(() => Registries.Refresh(registry.Id, default)));
        await forge.Registry(5, [package], json => json["name"] = "Changed");
        Assert.Equal("MM1052", await Code(() => Registries.Refresh(registry.Id, default)));
        await forge.Registry(6, [package]);
        await File.WriteAllTextAsync(place, (await File.ReadAllTextAsync(place)).Replace("Greets.", "Robs.", StringComparison.Ordinal));
        Assert.Equal("MM1051", await Code(() => Registries.Refresh(registry.Id, default)));
        await File.WriteAllTextAsync(place, "{}");
        Assert.Equal("MM1006", await Code(() => Registries.Refresh(registry.Id, default)));
        Assert.Equal((5, "Samples"), ((await Registries.Get(registry.Id, default)).Serial, registry.Name));
        Assert.Single(await host.Get<PluginListing>().Available(null, default));

        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await forge.Registry(7, [package], key: other);
        Assert.Equal("MM1053", await Code(() => Registries.Refresh(registry.Id, default)));
        var offered = (await Registries.Get(registry.Id, default)).OfferedFingerprint!;
        await Assert.ThrowsAsync<UserFacingException>(() => Registries.Trust(Actor.System, registry.Id, forge.Fingerprint, default));
        var trusted = await Registries.Trust(Actor.System, registry.Id, offered, default);
        Assert.Equal((7, offered, null, null), (trusted.Serial, trusted.Fingerprint, trusted.OfferedKey, trusted.Error));
    }

    [Fact]
    public async Task Over_https_a_registry_is_read_its_package_is_fetched_and_neither_may_be_larger_than_it_should()
    {
        var package = await forge.Pack("1.0.0");
        var registry = await forge.Registry(1, [package], json => PackageForge.Plugin(json)["versions"]![0]!["url"] = "hello.mmp");
        using var certificate = Certificate();
        await using var web = await Serve(registry, package, certificate);
        var services = new ServiceCollection();
        services.AddHttpClient(RegistryDownload.Client).ConfigurePrimaryHttpMessageHandler(() =>
        {
            var handler = RegistryDownload.Guarded();
            handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == certificate.GetCertHashString();
            return handler;
        });
        await using var provider = services.BuildServiceProvider();
        var download = new RegistryDownload(provider.GetRequiredService<IHttpClientFactory>());
        var place = new Uri(web.Urls.Single() + "/registry.json");

        var read = PluginRegistry.Parse(await download.Registry(place, default), "web");
        var url = RegistryPlace.Package(new KnownRegistry("x", place, read), read.Plugins[0].Versions[0]);
        await download.Package(url, place, forge.Place("fetched.mmp"), new FileInfo(package).Length, default);

        Assert.Equal(await File.ReadAllBytesAsync(package), await File.ReadAllBytesAsync(forge.Place("fetched.mmp")));
        Assert.Equal("MM1050", await Code(() => download.Package(url, place, forge.Place("short.mmp"), 100, default)));
        Assert.Equal("MM1050", await Code(() => download.Registry(new Uri(place, "/endless"), default)));
        Assert.Equal("MM1050", await Code(() => download.Registry(new Uri(place, "/nothing"), default)));

        // The same address is closed to a registry that lies elsewhere, although a connection to it was open a moment ago, and to a name that leads to it.
        var elsewhere = await Assert.ThrowsAsync<PluginRefusedException>(() => download.Package(url, new Uri("https://registry.example.org/registry.json"), forge.Place("stolen.mmp"), 100_000, default));
        Assert.Contains($"{url.Host} leads to 127.0.0.1, which is no public address", elsewhere.Message, StringComparison.Ordinal);
        Assert.Equal("MM1050", await Code(() => download.Registry(new Uri($"https://{Dns.GetHostName()}:{place.Port}/registry.json"), default)));
        var redirected = await Assert.ThrowsAsync<PluginRefusedException>(() => download.Registry(new Uri(place, "/inwards"), default));
        Assert.Contains("127.0.0.2, which is no public address", redirected.Message, StringComparison.Ordinal);
        Assert.Equal("MM1047", Assert.Throws<PluginRefusedException>(() => RegistryPlace.Package(new KnownRegistry("x", place, read), new RegistryVersion("1.0.0", ">=1.0 <2.0") { Url = "file:///etc/passwd" })).Problems[0].Code);
        Assert.Throws<UserFacingException>(() => RegistryPlace.Parse("http://plain.example.org/registry.json"));
    }

    private ThirdPartyRegistries Registries => host.Get<ThirdPartyRegistries>();

    private PluginInstaller Installer => host.Get<PluginInstaller>();

    private static void Lie(JsonObject registry, string lie, string otherKey)
    {
        var version = PackageForge.Plugin(registry)["versions"]![0]!;
        switch (lie)
        {
            case "size":
                version["size"] = 100;
                break;
            case "larger size":
                version["size"] = (int)version["size"]!.GetValue<long>() + 1;
                break;
            case "sha256":
                version["sha256"] = new string('0', 64);
                break;
            case "version":
                version["version"] = "1.0.1";
                break;
            case "sdk":
                version["sdk"] = ">=1.0 <1.9";
                break;
            case "signature":
                version["signature"] = "AAAA";
                break;
            case "key":
                registry["keys"]![1]!["publicKey"] = otherKey;
                break;
            case "revoked":
                registry["keys"]![1]!["revoked"] = true;
                break;
            case "expired":
                registry["keys"]![1]!["notAfter"] = "2020-01-01";
                break;
            case "capabilities":
                version["capabilities"] = new JsonArray("store");
                break;
            case "ftp":
                version["url"] = "ftp://example.org/hello.mmp";
                break;
            default:
                version["url"] = "gone.mmp";
                break;
        }
    }

    private static X509Certificate2 Certificate()
    {
        using var key = RSA.Create(2048);
        using var made = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    private static async Task<WebApplication> Serve(string registry, string package, X509Certificate2 certificate)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        var app = builder.Build();
        app.MapGet("/registry.json", () => Results.File(registry));
        app.MapGet("/inwards", (HttpContext http) => Results.Redirect($"https://127.0.0.2:{http.Connection.LocalPort}/registry.json"));
        app.MapGet("/hello.mmp", () => Results.File(package));
        app.MapGet("/endless", async (HttpContext http) =>
        {
            for (var megabyte = 0; megabyte < 8; megabyte++)
            {
                await http.Response.Body.WriteAsync(new byte[1 << 20]);
            }
        });
        await app.StartAsync();
        return app;
    }

    private static async Task<string> Code(Func<Task> act) => (await Assert.ThrowsAsync<PluginRefusedException>(act)).Problems[0].Code;
}
