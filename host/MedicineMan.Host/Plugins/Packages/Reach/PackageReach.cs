using MedicineMan.Host.Plugins.Manifests;

namespace MedicineMan.Host.Plugins.Packages.Reach;

/// Whether a package's code goes past the host anywhere its manifest does not say so, under the capability "native". Asked when it is packed,
/// verified and installed, of the files alone.
internal static class PackageReach
{
    private const string Why = "Nothing the host lends is asked there, so nobody can grant, refuse or record it.";

    private const int Most = 25;

    public static IReadOnlyList<PluginProblem> Problems(PluginPackage package)
    {
        var manifest = package.Manifest;
        var native = manifest.Capabilities.Where(capability => capability.Name == ReachRules.Capability).ToList();
        bool Allowed(string scope) => native.Exists(capability => capability.Scope.Count == 0 || capability.Scope.Contains(scope));
        var problems = Directory.EnumerateFiles(package.Folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .SelectMany(file => Problems(file, Path.GetRelativePath(package.Folder, file), manifest, Allowed)).ToList();
        return problems.Count <= Most ? problems
            : [.. problems.Take(Most), Problem("MM1056", $"{Title(manifest)} has {problems.Count - Most} more such places.", "Correct those above first.")];
    }

    private static IEnumerable<PluginProblem> Problems(string file, string name, PluginManifest manifest, Func<string, bool> allowed)
    {
        if (Reached(file) is not { } reached)
        {
            return allowed(ReachRules.Libraries) ? [] : [Problem("MM1057", $"{Title(manifest)} carries {name}, which is native code.", $"Leave it out, or {Declare([ReachRules.Libraries])}.")];
        }

        var unsaid = reached.Where(one => !allowed(one.Rule.Scope)).ToList();
        if (name == manifest.Entry)
        {
            return unsaid.Select(one => Problem("MM1056", $"{Title(manifest)}: {one.Place} calls {one.Calls}.", $"{one.Rule.Instead}; or {Declare([one.Rule.Scope])}."));
        }

        string[] scopes = [.. unsaid.Select(one => one.Rule.Scope).Distinct().Order(StringComparer.Ordinal)];
        return scopes.Length == 0 ? [] : [Problem("MM1057", $"{Title(manifest)} carries {name}, which reaches {string.Join(", ", scopes)} by itself.", $"Leave it out, or {Declare(scopes)}.")];
    }

    /// Null for native code; empty for what is no code, or so damaged that the loader will say so.
    private static IReadOnlyList<Reached>? Reached(string file)
    {
        var kind = Path.GetExtension(file).ToLowerInvariant();
        if (kind is not (".dll" or ".exe"))
        {
            return kind is ".so" or ".dylib" || file.Contains(".so.", StringComparison.Ordinal) ? null : [];
        }

        try
        {
            using var stream = File.OpenRead(file);
            return AssemblyReach.Read(stream);
        }
        catch (BadImageFormatException)
        {
            return [];
        }
    }

    private static string Title(PluginManifest manifest) => $"{manifest.Name} {manifest.Version}";

    private static string Declare(IReadOnlyList<string> scopes) =>
        $"have plugin.json ask for {{ \"name\": \"{ReachRules.Capability}\", \"scope\": [{string.Join(", ", scopes.Select(scope => $"\"{scope}\""))}] }} with the reason, which an administrator must confirm as dangerous";

    private static PluginProblem Problem(string code, string what, string fix) => new(code, what, Why, fix);
}
