using System.Runtime.InteropServices;
using MedicineMan.Host.Plugins.Manifests.Binding;

namespace MedicineMan.Host.Plugins.Manifests;

/// A plugin's folder whose manifest was read and whose files fit this host. Opening it runs no code of the plugin.
internal sealed record PluginPackage(string Folder, PluginManifest Manifest)
{
    // What the host shares is whatever its own process can bind: its output and the shared framework.
    private static readonly Lazy<HashSet<string>> Shared = new(() =>
        ((string?)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") ?? "").Split(Path.PathSeparator).Select(file => Path.GetFileName(file)!)
        .ToHashSet(StringComparer.OrdinalIgnoreCase));

    public string EntryFile => Path.Combine(Folder, Manifest.Entry);

    /// <param name="folder">Of the plugin.</param>
    /// <param name="isOurBuild">It was built with this host, so what it uses of the SDK is there.</param>
    /// <exception cref="PluginRefusedException">Names every problem.</exception>
    public static PluginPackage Open(string folder, bool isOurBuild = false)
    {
        var manifest = ManifestReader.Read(folder);
        var package = new PluginPackage(folder, manifest);
        PluginProblem[] problems = [.. package.Compatibility(), .. package.Missing(), .. package.Copies()];
        problems = problems.Length == 0 && !isOurBuild ? [.. SdkReferences.Check(folder, manifest)] : problems;
        return problems.Length == 0 ? package : throw new PluginRefusedException(problems);
    }

    private IEnumerable<PluginProblem> Compatibility()
    {
        var name = $"{Manifest.Name} {Manifest.Version}";
        if (SdkRange.Parse(Manifest.Engine.Sdk) is { } range && !range.Holds(SdkRange.Offered))
        {
            yield return new PluginProblem("MM1003", $"{name} needs Medicine Man SDK {Manifest.Engine.Sdk}; this host offers {SdkRange.Offered}.",
                "Its code would not find what it was built against.",
                range.From > SdkRange.Offered ? "Update the host, or install a version of the plugin that fits." : "Install a newer version of the plugin, or have its author build it for this SDK.");
        }

        var system = OperatingSystem.IsMacOS() ? "macos" : "linux";
        if (Manifest.Engine.Os is { Count: > 0 } systems && !systems.Contains(system))
        {
            yield return new PluginProblem("MM1003", $"{name} runs on {string.Join(", ", systems)}; this host is {system}.", "Its author rules it out.", "Take it out of the registry.");
        }

        var machine = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "x64";
        if (Manifest.Engine.Arch is { Count: > 0 } machines && !machines.Contains(machine))
        {
            yield return new PluginProblem("MM1003", $"{name} runs on {string.Join(", ", machines)}; this host is {machine}.", "Its author rules it out.", "Take it out of the registry.");
        }

        if (Manifest.Isolation == "process")
        {
            yield return new PluginProblem("MM1003", $"{name} wants a process of its own.", "This host runs plugins in its own process only.", "Update the host, or install a version of the plugin that fits.");
        }
    }

    private IEnumerable<PluginProblem> Missing() =>
        Manifest.Fragments.Select(fragment => fragment.Template).Prepend(Manifest.Entry).Distinct()
            .Where(file => !File.Exists(Path.Combine(Folder, file)))
            .Select(file => new PluginProblem("MM1004", $"{Manifest.Name} {Manifest.Version} names {file}, and {Folder} has no such file.", "The package is not whole.", "Install the plugin again."));

    private IEnumerable<PluginProblem> Copies() =>
        Directory.EnumerateFiles(Folder, "*.dll", SearchOption.AllDirectories).Select(file => Path.GetFileName(file)!).Where(IsShared)
            .Select(file => new PluginProblem("MM1005", $"{Manifest.Name} {Manifest.Version} carries its own copy of {file}.",
                "The host shares that assembly, and two copies split its types.", "Build the plugin with the SDK's props, which leave it out."));

    private static bool IsShared(string file) =>
        (file.StartsWith("MedicineMan.Sdk.", StringComparison.OrdinalIgnoreCase)
         || file.StartsWith("Microsoft.AspNetCore.", StringComparison.OrdinalIgnoreCase)
         || file.StartsWith("Microsoft.Extensions.", StringComparison.OrdinalIgnoreCase))
        && Shared.Value.Contains(file);
}
