using System.IO.Compression;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Shell;

namespace MedicineMan.Host.Plugins.Packages.Format;

/// What an archive says of itself, judged before a byte of it is unpacked: names, kinds, counts and sizes. It may lie about the sizes, so
/// unpacking counts again.
internal static class ArchiveEntries
{
    private const int KindMask = 0xF000;
    private const int PlainKind = 0x8000;

    public static IEnumerable<PluginProblem> Faults(ZipArchive zip, string file)
    {
        if (zip.Entries.Count > PackageForm.MostFiles)
        {
            yield return PackageProblems.Bomb(file, $"it holds {zip.Entries.Count} files, and at most {PackageForm.MostFiles} are read");
            yield break;
        }

        if (zip.Entries.Sum(entry => (decimal)entry.Length) > PackageForm.LargestTotal)
        {
            yield return PackageProblems.Bomb(file, $"its files have more than {Size.Text(PackageForm.LargestTotal)} together");
        }

        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var entry in zip.Entries)
        {
            var name = entry.FullName;
            if (PackageNames.Fault(name) is { } fault)
            {
                yield return PackageProblems.Name(file, name, fault);
            }
            else if (!seen.Add(name))
            {
                yield return PackageProblems.Name(file, name, "which stands for two files");
            }

            if (((entry.ExternalAttributes >> 16) & KindMask) is not (0 or PlainKind))
            {
                yield return PackageProblems.Link(file, name);
            }

            if (Swells(entry.Length, entry.CompressedLength) is { } swelling)
            {
                yield return PackageProblems.Bomb(file, $"{name} {swelling}");
            }
        }
    }

    /// <returns>Null when a file of this size may come out of so many bytes.</returns>
    public static string? Swells(long bytes, long packed) =>
        bytes > PackageForm.LargestFile ? $"has more than {Size.Text(PackageForm.LargestFile)}"
        : bytes > PackageForm.RatioMatters && bytes / Math.Max(1, packed) > PackageForm.LargestRatio ? $"grows to more than {PackageForm.LargestRatio} times its packed size"
        : null;
}
