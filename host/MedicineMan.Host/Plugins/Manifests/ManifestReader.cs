using System.Text.Json;
using System.Text.RegularExpressions;
using MedicineMan.Host.Plugins.Packages.Reach;
using MedicineMan.Host.Plugins.Settings.Forms;

namespace MedicineMan.Host.Plugins.Manifests;

/// Reads plugin.json. Nothing of the plugin has run yet, and nothing will when the manifest does not hold.
internal static partial class ManifestReader
{
    public const string FileName = "plugin.json";

    public static Regex Id { get; } = IdPattern();

    public static Regex Version { get; } = VersionPattern();

    private const int LargestFile = 256 * 1024;
    private const int MostRoutes = 200;
    private const int MostJobs = 100;
    private const int MostFragments = 50;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };
    private static readonly string[] Capabilities =
    [
        "targets:read", "exec", "exec:sudo", "files:read", "files:write", "net", "storage:read", "storage:write", "storage:delete",
        "cloud:read", "cloud:write", "secrets", "jobs", "notify", "store", "ui", "routes", "webhook", ReachRules.Capability,
    ];

    private static readonly string[] Slots =
        ["dashboard.card", "server.tab", "server.summary", "backup.detail", "settings.section", "nav.page"];

    private static readonly string[] Roles = ["viewer", "operator", "admin"];
    private static readonly string[] Methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];

    /// Reads the manifest in a plugin's folder.
    /// <exception cref="PluginRefusedException">Names every problem.</exception>
    public static PluginManifest Read(string folder)
    {
        var file = Path.Combine(folder, ManifestFile(folder));
        var problems = new List<string>();
        PluginManifest manifest;
        try
        {
            using var json = JsonDocument.Parse(Bytes(file), Strict);
            manifest = JsonFields.Read(json.RootElement, "", problems, Manifest);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new PluginRefusedException(
                new PluginProblem("MM1001", $"{file} can't be read: {unreadable.Message}", "Without its manifest a plugin is not loaded.", "Install the plugin again."),
                unreadable);
        }

        problems.AddRange(TooMany("contributes.routes", manifest.Routes.Count, MostRoutes));
        problems.AddRange(TooMany("contributes.jobs", manifest.Jobs.Count, MostJobs));
        problems.AddRange(TooMany("contributes.fragments", manifest.Fragments.Count, MostFragments));
        problems.AddRange(Repeated("contributes.jobs", manifest.Jobs.Select(job => job.Id)));
        problems.AddRange(Repeated("contributes.fragments", manifest.Fragments.Select(fragment => fragment.Id)));
        problems.AddRange(Repeated("contributes.routes", manifest.Routes.Select(route => $"{route.Method} {route.Path}")));
        problems.AddRange(Repeated("contributes.actions", manifest.Actions.Select(action => action.Id)));
        problems.AddRange(manifest.Actions.Where(action => manifest.Jobs.All(job => job.Id != action.Job)).Select(action => $"contributes.actions names the job \"{action.Job}\", which contributes.jobs does not."));
        problems.AddRange(Repeated("contributes.providers", manifest.Providers.Select(provider => $"{provider.Contract} {provider.Kind}")));
        problems.AddRange(ManifestSense.Problems(manifest, Roles));
        return problems.Count == 0
            ? manifest
            : throw new PluginRefusedException([.. problems.Select(problem => new PluginProblem(
                "MM1002", $"{file}: {problem}", "The manifest says what a plugin may do, so it is read strictly.", "Correct it and install the plugin again."))]);
    }

    /// Whether the plugin in a folder brings a provider, without asking whether the manifest holds: false when it can't be read.
    public static bool Brings(string folder, string contract, string kind)
    {
        try
        {
            using var json = JsonDocument.Parse(Bytes(Path.Combine(folder, FileName)), Strict);
            return json.RootElement.GetProperty("contributes").GetProperty("providers").EnumerateArray()
                .Any(provider => provider.GetProperty("contract").GetString() == contract && provider.GetProperty("kind").GetString() == kind);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return false;
        }
    }

    private static string ManifestFile(string folder) =>
        Directory.Exists(folder)
            ? FileName
            : throw new PluginRefusedException(new PluginProblem(
                "MM1001", $"The folder {folder} does not exist.", "A plugin is a folder with a plugin.json.", "Install the plugin again, or take it out of the registry."));

    private static byte[] Bytes(string file) =>
        new FileInfo(file).Length <= LargestFile ? File.ReadAllBytes(file) : throw new IOException($"It is larger than {LargestFile / 1024} KiB.");

    private static PluginManifest Manifest(JsonFields json)
    {
        if (json.Number("manifest", 1) is not 1)
        {
            json.Refuse("manifest must be 1, the only form this version reads.");
        }

        var contributes = json.Object("contributes", required: false, Contributions) ?? new Contributed([], [], [], [], [], [], []);
        var manifest = new PluginManifest
        {
            Id = json.Text("id", IdPattern(), "publisher.name in lower case"),
            Version = json.Text("version", VersionPattern(), "a semantic version such as 1.4.0"),
            Name = json.Text("name", longest: 60),
            Summary = json.OptionalText("summary", longest: 160) ?? "",
            Publisher = json.Text("publisher", longest: 60),
            License = json.Text("license", longest: 100),
            Homepage = json.OptionalText("homepage", AddressPattern(), "an https address"),
            Issues = json.OptionalText("issues", AddressPattern(), "an https address"),
            Engine = json.Object("engine", required: true, Engine) ?? new EngineRequirement("", [], []),
            Entry = json.Text("entry", EntryPattern(), "the file name of a dll"),
            Isolation = json.Choice("isolation", "inproc", ["inproc", "process"]),
            HotUnload = json.Flag("hotUnload", true),
            Capabilities = json.Objects("capabilities", required: true, item => new Capability(
                item.Choice("name", null, Capabilities), item.Text("reason", longest: 300), item.Texts("scope"), item.Flag("optional", false))),
            Routes = contributes.Routes,
            Jobs = contributes.Jobs,
            Fragments = contributes.Fragments,
            Providers = contributes.Providers,
            Permissions = contributes.Permissions,
            Events = contributes.Events,
            Actions = contributes.Actions,
            Settings = SchemaReader.Read(json, "settings"),
            SettingsVersion = json.Number("settingsVersion", 1) ?? 1,
            Locales = json.Texts("locales"),
        };
        if (manifest.Id.Length > 0 && manifest.Publisher.Length > 0 && !manifest.Id.StartsWith(manifest.Publisher + ".", StringComparison.Ordinal))
        {
            json.Refuse($"id is \"{manifest.Id}\"; it must begin with its publisher, \"{manifest.Publisher}.\".");
        }

        if (json.Texts("dependsOn").Count > 0)
        {
            json.Refuse("dependsOn must be empty: no plugin can lean on another.");
        }

        return manifest;
    }

    private static EngineRequirement Engine(JsonFields json) => new(
        json.Text("sdk", SdkRange.Pattern, "a range with both ends such as >=1.0 <2.0"),
        json.Texts("os", ["linux", "macos"]),
        json.Texts("arch", ["x64", "arm64"]));

    private static string? Time(JsonFields item, string name) => item.OptionalText(name, TimeoutPattern(), "a time such as 30s, 10m or 2h", longest: 20);

    private static Contributed Contributions(JsonFields json) => new(
        json.Objects("routes", required: false, item => new RouteDeclaration(
            item.Choice("method", null, Methods), item.Text("path", PathPattern(), "a path that begins with /"), item.Text("permission", NamePattern(), "a role or a permission of the plugin's own"))),
        json.Objects("jobs", required: false, item => new JobDeclaration(
            item.Text("id", NamePattern(), "lower-case words joined by hyphens"), item.OptionalText("cron", longest: 100), Time(item, "timeout"),
            item.Number("maxAttempts", 1), item.Number("concurrency", 1), item.Number("perMinute", 1), item.Choice("catchUp", "skip", ["skip", "once"]), Time(item, "backoff"), Time(item, "maxBackoff"))),
        json.Objects("fragments", required: false, item => new FragmentDeclaration(
            item.Text("id", NamePattern(), "lower-case words joined by hyphens"), item.Choice("slot", null, Slots),
            item.Text("template", TemplatePattern(), "the path of an .html file below the plugin's folder"), item.OptionalText("title", longest: 40))),
        json.Objects("providers", required: false, item => new ProviderDeclaration(
            item.Choice("contract", null, ProviderContracts.Names), item.Text("kind", NamePattern(), "lower-case words joined by hyphens"), SchemaReader.Read(item, "settings"))),
        json.Objects("permissions", required: false, item => new PermissionDeclaration(
            item.Text("id", NamePattern(), "lower-case words joined by hyphens"), item.Text("title", longest: 60), item.Choice("default", null, Roles))),
        json.Texts("events"),
        json.Objects("actions", required: false, item => new ActionDeclaration(
            item.Text("id", NamePattern(), "lower-case words joined by hyphens"), item.Text("job", NamePattern(), "the id of a job"),
            item.Choice("permission", null, Roles), item.OptionalText("confirm", longest: 300))));

    private static IEnumerable<string> TooMany(string list, int count, int most) => count > most ? [$"{list} has {count} items; at most {most} are allowed."] : [];

    private static IEnumerable<string> Repeated(string list, IEnumerable<string> keys) =>
        keys.GroupBy(key => key, StringComparer.Ordinal).Where(same => same.Key.Length > 0 && same.Count() > 1).Select(same => $"{list} names \"{same.Key}\" twice.");

    private sealed record Contributed(
        IReadOnlyList<RouteDeclaration> Routes, IReadOnlyList<JobDeclaration> Jobs, IReadOnlyList<FragmentDeclaration> Fragments,
        IReadOnlyList<ProviderDeclaration> Providers, IReadOnlyList<PermissionDeclaration> Permissions, IReadOnlyList<string> Events, IReadOnlyList<ActionDeclaration> Actions);

    [GeneratedRegex(@"^[a-z][a-z0-9]{1,31}\.[a-z][a-z0-9-]{1,47}$", RegexOptions.CultureInvariant)]
    private static partial Regex IdPattern();

    [GeneratedRegex(@"^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(-[0-9A-Za-z.-]{1,60})?(\+[0-9A-Za-z.-]{1,60})?$", RegexOptions.CultureInvariant)]
    private static partial Regex VersionPattern();

    [GeneratedRegex(@"^[A-Za-z0-9_.-]+\.dll$", RegexOptions.CultureInvariant)]
    private static partial Regex EntryPattern();

    [GeneratedRegex("^https://[^\\s\"'<>]+$", RegexOptions.CultureInvariant)]
    private static partial Regex AddressPattern();

    [GeneratedRegex("^/[A-Za-z0-9_.{}:/-]*$", RegexOptions.CultureInvariant)]
    private static partial Regex PathPattern();

    [GeneratedRegex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();

    [GeneratedRegex("^[1-9][0-9]{0,4}[smh]$", RegexOptions.CultureInvariant)]
    private static partial Regex TimeoutPattern();

    [GeneratedRegex(@"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*\.html$", RegexOptions.CultureInvariant)]
    private static partial Regex TemplatePattern();
}
