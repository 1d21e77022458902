using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Plugins.Manifests.Binding;

/// What a plugin's assemblies were built against, read out of their metadata without loading them: a manifest can promise what the code does not
/// keep, and code that misses a part of the SDK would fail in the middle of its work.
internal static class SdkReferences
{
    private const string Sdk = "MedicineMan.Sdk";
    private const int Named = 3;

    private static readonly Lazy<SdkSurface> Offered = new(() => SdkSurface.Read(typeof(IPlugin).Assembly));

    public static IEnumerable<PluginProblem> Check(string folder, PluginManifest manifest) =>
        Directory.EnumerateFiles(folder, "*.dll", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(file => CheckFile(file, manifest)).OfType<PluginProblem>();

    private static PluginProblem? CheckFile(string file, PluginManifest manifest)
    {
        try
        {
            using var image = new PEReader(File.OpenRead(file));
            return image.HasMetadata ? Check(image.GetMetadataReader(), $"{Path.GetFileName(file)} of {manifest.Name} {manifest.Version}", manifest) : null;
        }
        catch (Exception broken) when (broken is BadImageFormatException or IOException or InsufficientExecutionStackException)
        {
            // No assembly, or a broken one: loading it says so.
            return null;
        }
    }

    private static PluginProblem? Check(MetadataReader code, string name, PluginManifest manifest)
    {
        if (code.IsAssembly && code.StringComparer.Equals(code.GetAssemblyDefinition().Name, Sdk))
        {
            return new PluginProblem("MM1005", $"{name} is a copy of {Sdk} under another name.", "The host shares that assembly, and two copies split its types.", "Build the plugin with the SDK's props, which leave it out.");
        }

        foreach (var reference in code.AssemblyReferences.Select(code.GetAssemblyReference).Where(reference => code.StringComparer.Equals(reference.Name, Sdk)))
        {
            var (built, offered) = (reference.Version, typeof(IPlugin).Assembly.GetName().Version!);
            if (built.Major != offered.Major || built > offered)
            {
                return new PluginProblem("MM1008", $"{name} was built against Medicine Man SDK {built.ToString(2)}; this host offers {offered.ToString(2)}, whatever the manifest says ({manifest.Engine.Sdk}).",
                    "Its code would not find what it was built against.",
                    built > offered ? "Update the host, or install an earlier version of the plugin." : "Install a newer version of the plugin, or have its author build it anew.");
            }

            var missing = SdkUses.Of(code).Where(use => !Offered.Value.Has(use)).Select(use => use.ToString()).Distinct().Order(StringComparer.Ordinal).ToList();
            if (missing.Count > 0)
            {
                var more = missing.Count > Named ? $" and {missing.Count - Named} more" : "";
                return new PluginProblem("MM1009", $"{name} uses {string.Join(", ", missing.Take(Named))}{more}, which the SDK {offered.ToString(2)} of this host does not have.",
                    "It was built against another SDK than its manifest says.", "Update the host, or install a version of the plugin that fits.");
            }
        }

        return null;
    }
}
