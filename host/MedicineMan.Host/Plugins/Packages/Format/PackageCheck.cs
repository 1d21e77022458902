using System.Reflection.PortableExecutable;
using MedicineMan.Host.Plugins.Fragments;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages.Reach;

namespace MedicineMan.Host.Plugins.Packages.Format;

/// What a host would find wrong with a plugin's files once it loads them, as far as that can be seen without running any of it. Asked when a
/// package is packed, verified and installed, so its author hears of it first and nothing is changed for it.
internal static class PackageCheck
{
    /// <exception cref="PluginRefusedException">Names every problem.</exception>
    public static void Refuse(PluginPackage package)
    {
        PluginProblem[] problems = [.. Entry(package), .. package.Manifest.Fragments.SelectMany(fragment => FragmentTemplate.Read(package, fragment).Problems).Distinct(), .. PackageReach.Problems(package), .. Pins(package)];
        if (problems.Length > 0)
        {
            throw new PluginRefusedException(problems);
        }
    }

    private static IEnumerable<PluginProblem> Entry(PluginPackage package)
    {
        if (!IsAssembly(package.EntryFile))
        {
            yield return new PluginProblem("MM1010", $"{package.Manifest.Entry} of {package.Manifest.Name} {package.Manifest.Version} is no .NET assembly, or not the whole of one.", "None of its code could be loaded.", "Build the plugin again and pack it anew.");
        }
    }

    // It keeps what it knows of a type for as long as the process lives, and with the type all of the plugin's code.
    private static IEnumerable<PluginProblem> Pins(PluginPackage package)
    {
        if (package.Manifest.HotUnload && Directory.EnumerateFiles(package.Folder, "Newtonsoft.Json.dll", SearchOption.AllDirectories).Any())
        {
            yield return new PluginProblem("MM1058", $"{package.Manifest.Name} {package.Manifest.Version} carries Newtonsoft.Json.dll.",
                "It never lets go of a type that it has read or written, so each upgrade would leave the plugin's old code in memory until the host is restarted.",
                "Use System.Text.Json with a JsonSerializerContext; if a library of yours can't do without it, say \"hotUnload\": false in plugin.json.");
        }
    }

    private static bool IsAssembly(string file)
    {
        try
        {
            using var image = new PEReader(File.OpenRead(file));
            // The last of its sections must be there too, and the metadata is read to its end.
            var ends = image.PEHeaders.SectionHeaders.Select(section => section.PointerToRawData + section.SizeOfRawData).DefaultIfEmpty().Max();
            return image.HasMetadata && ends <= new FileInfo(file).Length && System.Reflection.Metadata.PEReaderExtensions.GetMetadataReader(image).IsAssembly;
        }
        catch (Exception broken) when (broken is BadImageFormatException or IOException or InvalidOperationException)
        {
            return false;
        }
    }
}
