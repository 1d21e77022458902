using System.Globalization;
using System.Text.RegularExpressions;

namespace MedicineMan.Host.Plugins.Manifests;

/// <param name="NotAfter">From when on nothing new is taken on its word.</param>
internal sealed record RegistryKey(string Id, string PublicKey, DateTimeOffset? NotAfter, bool Revoked)
{
    public static RegistryKey Read(JsonFields json)
    {
        json.Choice("alg", null, ["ecdsa-p256-sha256"]);
        var ends = json.OptionalText("notAfter");
        var until = DateTimeOffset.TryParse(ends, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var read) ? read : (DateTimeOffset?)null;
        if (ends is not null && until is null)
        {
            json.Refuse($"notAfter is \"{ends}\"; a date such as 2028-01-01 is expected.");
        }

        return new RegistryKey(json.Text("id", longest: 100), json.Text("publicKey"), until, json.Flag("revoked", false));
    }
}

/// <param name="Keys">The names of the keys it signs its packages with.</param>
internal sealed record RegistryPublisher(string Id, string Name, IReadOnlyList<string> Keys, bool Verified)
{
    public static RegistryPublisher Read(JsonFields json) => new(json.Text("id", longest: 60), json.Text("name", longest: 60), json.Texts("keys"), json.Flag("verified", false));
}

/// <param name="Source"><c>bundled</c> lies in a folder beside the host, <c>remote</c> is fetched.</param>
internal sealed record RegistryPlugin(string Id, string Name, string Summary, string Source, string Folder, IReadOnlyList<RegistryVersion> Versions)
{
    public IReadOnlyList<RegistryAdvisory> Advisories { get; init; } = [];

    /// By the rule that an id begins with its publisher's name.
    public string Publisher => Id.Split('.')[0];

    public static RegistryPlugin Read(JsonFields json, string source)
    {
        json.Texts("categories");
        json.OptionalText("project");
        json.OptionalText("quality");
        var plugin = new RegistryPlugin(
            json.Text("id", ManifestReader.Id, "publisher.name in lower case"), json.Text("name", longest: 60), json.OptionalText("summary", longest: 160) ?? "",
            json.Choice("source", null, source == "bundled" ? ["bundled", "remote"] : ["remote"]),
            json.OptionalText("folder") ?? "", json.Objects("versions", required: true, item => RegistryVersion.Read(item, source)))
        {
            Advisories = json.Objects("advisories", required: false, RegistryAdvisory.Read),
        };
        if (plugin.Source == "bundled" && (plugin.Folder.Length == 0 || Path.GetFileName(plugin.Folder) != plugin.Folder || plugin.Folder == ".."))
        {
            json.Refuse("folder must name a folder in the host's plugin folder.");
        }

        return plugin;
    }
}

/// <param name="Sha256">Of the package; it and the size are held against what was fetched before it is opened.</param>
/// <param name="Signature">The one inside the package.</param>
internal sealed record RegistryVersion(string Version, string Sdk)
{
    private static readonly Regex Hash = new("^[0-9a-f]{64}$", RegexOptions.CultureInvariant);

    public string Url { get; init; } = "";
    public int Size { get; init; }
    public string Sha256 { get; init; } = "";
    public string Signature { get; init; } = "";
    public string KeyId { get; init; } = "";
    public bool Yanked { get; init; }
    public string Changelog { get; init; } = "";

    /// What the list shows before the package is fetched; null when the registry does not say.
    public IReadOnlyList<string> Capabilities { get; init; } = [];

    public static RegistryVersion Read(JsonFields json, string source)
    {
        json.OptionalText("published");
        string Needed(string name, Regex? pattern = null, string expected = "a text") => source == "remote" ? json.Text(name, pattern, expected) : json.OptionalText(name, pattern, expected) ?? "";
        var size = json.Number("size", 1);
        if (size is null && source == "remote")
        {
            json.Refuse("size is missing; the bytes of the package are expected.");
        }

        return new RegistryVersion(json.Text("version", ManifestReader.Version, "a semantic version such as 1.4.0"), json.Text("sdk", SdkRange.Pattern, "a range with both ends"))
        {
            Url = Needed("url"), Size = size ?? 0, Sha256 = Needed("sha256", Hash, "a SHA-256 in lower-case hex"), Signature = Needed("signature"), KeyId = Needed("keyId"),
            Yanked = json.Flag("yanked", false), Changelog = json.OptionalText("changelog") ?? "", Capabilities = json.Texts("capabilities"),
        };
    }
}

/// A known weakness of some versions.
/// <param name="Blocks">Whether those versions are taken out of use, or only warned of.</param>
internal sealed record RegistryAdvisory(string Id, string Affects, string Severity, string Text, bool Blocks)
{
    public bool Concerns(string version) => VersionRange.Parse(Affects)!.Holds(version);

    public static RegistryAdvisory Read(JsonFields json)
    {
        var advisory = new RegistryAdvisory(
            json.Text("id", longest: 60), json.Text("affects"), json.Choice("severity", null, ["low", "medium", "high", "critical"]), json.Text("text"),
            json.Choice("action", null, ["warn", "block"]) == "block");
        if (advisory.Affects.Length > 0 && VersionRange.Parse(advisory.Affects) is null)
        {
            json.Refuse($"affects is \"{advisory.Affects}\"; a range such as <1.2.4 or >=1.0.0 <1.2.4 is expected.");
        }

        return advisory;
    }
}

internal sealed record RegistrySignature(string KeyId, string Value);
