using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedicineMan.Host.Plugins.Packages.Format;
using MedicineMan.Host.Plugins.Packages.Registries;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Plugins.Packages;

/// Makes packages of the Hello sample as its publisher would, and as somebody would who means harm; and registries that offer them.
internal sealed class PackageForge : IDisposable
{
    private readonly TemporaryFolder folder = new("forge");
    private int made;

    public ECDsa Key { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public string PublicKey => PackageKey.PublicOf(Key);

    public string Fingerprint => PackageKey.Fingerprint(PublicKey);

    public string Place(string name) => folder[name];

    /// A signed package of Hello with this version and whatever else is changed in its manifest or folder.
    public async Task<string> Pack(string version, Action<JsonObject>? manifest = null, Action<string>? files = null, ECDsa? key = null, bool signed = true, string? listedAs = null)
    {
        var place = folder[$"{++made}"];
        var built = PluginFolders.Copy(PluginFolders.Hello, Path.Combine(place, "built"), json =>
        {
            json["version"] = version;
            manifest?.Invoke(json);
        });
        files?.Invoke(built);
        var file = Path.Combine(place, $"hello-{version}.mmp");
        await PackageWriter.Write(built, "samples.hello", listedAs ?? version, file, CancellationToken.None);
        if (signed)
        {
            await Sign(file, key ?? Key);
        }

        return file;
    }

    public static async Task Sign(string file, ECDsa key, string publisher = "samples")
    {
        byte[] checksums;
        await using (var zip = await ZipFile.OpenReadAsync(file))
        {
            await using var stream = await zip.GetEntry(PackageForm.ChecksumsFile)!.OpenAsync();
            checksums = new byte[zip.GetEntry(PackageForm.ChecksumsFile)!.Length];
            await stream.ReadExactlyAsync(checksums);
        }

        await PackageSigner.AddTo(file, new PackageSignature(publisher, "samples-1", PackageKey.PublicOf(key), PackageKey.Sign(key, checksums)), CancellationToken.None);
    }

    /// Opens a package and does to it what no packer would.
    public static void Tamper(string file, Action<ZipArchive> change)
    {
        using var zip = ZipFile.Open(file, ZipArchiveMode.Update);
        change(zip);
    }

    public static void Put(ZipArchive zip, string name, byte[] content, int attributes = 0)
    {
        zip.GetEntry(name)?.Delete();
        var entry = zip.CreateEntry(name);
        entry.ExternalAttributes = attributes;
        using var stream = entry.Open();
        stream.Write(content);
    }

    /// Writes a signed registry that offers these packages, and returns where.
    public async Task<string> Registry(int serial, IEnumerable<string> packages, Action<JsonObject>? change = null, ECDsa? key = null, string name = "registry.json")
    {
        var versions = new JsonArray();
        foreach (var package in packages)
        {
            await using var zip = await ZipFile.OpenReadAsync(package);
            await using var stream = await zip.GetEntry(PackageForm.SignatureFile)!.OpenAsync();
            var signature = (await JsonNode.ParseAsync(stream))!;
            versions.Add(new JsonObject
            {
                ["version"] = Path.GetFileNameWithoutExtension(package)["hello-".Length..], ["sdk"] = ">=1.0 <2.0", ["url"] = new Uri(package).AbsoluteUri, ["size"] = new FileInfo(package).Length,
                ["sha256"] = PackageChecksums.HashOf(package), ["signature"] = (string)signature["value"]!, ["keyId"] = (string)signature["keyId"]!,
            });
        }

        var registryKey = key ?? Key;
        var registry = new JsonObject
        {
            ["registry"] = 1, ["name"] = "Samples", ["updated"] = "2026-01-01T00:00:00Z", ["serial"] = serial,
            ["keys"] = new JsonArray(
                new JsonObject { ["id"] = "index", ["alg"] = PackageKey.Algorithm, ["publicKey"] = PackageKey.PublicOf(registryKey) },
                new JsonObject { ["id"] = "samples-1", ["alg"] = PackageKey.Algorithm, ["publicKey"] = PublicKey }),
            ["publishers"] = new JsonArray(new JsonObject { ["id"] = "samples", ["name"] = "Samples", ["keys"] = new JsonArray("samples-1") }),
            ["plugins"] = new JsonArray(new JsonObject { ["id"] = "samples.hello", ["name"] = "Hello", ["summary"] = "Greets.", ["source"] = "remote", ["versions"] = versions }),
        };
        change?.Invoke(registry);
        registry["signature"] = new JsonObject { ["keyId"] = "index", ["value"] = RegistrySeal.Sign(registryKey, JsonElement.Parse(registry.ToJsonString())) };
        await File.WriteAllTextAsync(folder[name], registry.ToJsonString());
        return folder[name];
    }

    public static JsonObject Plugin(JsonObject registry) => registry["plugins"]![0]!.AsObject();

    public static JsonArray Advisory(string affects, string action) => new(new JsonObject
    {
        ["id"] = string.Create(CultureInfo.InvariantCulture, $"S-{affects}"), ["affects"] = affects, ["severity"] = "high", ["text"] = "It says hello to strangers.", ["action"] = action,
    });

    public static JsonArray Capabilities(params string[] names) => [.. names.Select(name => new JsonObject { ["name"] = name, ["reason"] = $"It needs {name} to greet." })];

    public void Dispose()
    {
        Key.Dispose();
        folder.Dispose();
    }
}
