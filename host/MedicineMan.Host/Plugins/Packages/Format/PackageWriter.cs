using System.IO.Compression;
using MedicineMan.Host.Plugins.Manifests;

namespace MedicineMan.Host.Plugins.Packages.Format;

/// Packs a plugin's built folder. The same folder gives the same bytes: names in order, one time for all, nothing of this machine.
internal static class PackageWriter
{
    // The earliest time a zip can hold.
    private static readonly DateTimeOffset Fixed = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // A plain file that everybody may read, in the upper half where Unix keeps it.
    private const int PlainFile = 0x81A4 << 16;

    /// Packs what can be loaded; a folder that this host would refuse is refused here, where its author sees it.
    public static async Task<string> Pack(string folder, string? file, CancellationToken cancel)
    {
        var package = PluginPackage.Open(folder);
        PackageCheck.Refuse(package);
        var manifest = package.Manifest;
        var target = file ?? $"{manifest.Id}-{manifest.Version}{PackageForm.Extension}";
        await Write(folder, manifest.Id, manifest.Version, target, cancel);
        return target;
    }

    public static async Task Write(string folder, string plugin, string version, string target, CancellationToken cancel)
    {
        var files = Files(folder);
        var hashes = files.ToDictionary(one => one.Name, one => PackageChecksums.HashOf(one.Path), StringComparer.Ordinal);
        var checksums = new PackageChecksums(plugin, version, hashes).Write();
        await Write(target, [.. files.Select(one => (one.Name, (Func<Stream>)(() => File.OpenRead(one.Path)))), (PackageForm.ChecksumsFile, () => new MemoryStream(checksums))], cancel);
    }

    /// Writes the archive beside its place and then into it, so that half a package is never found.
    public static async Task Write(string target, IReadOnlyList<(string Name, Func<Stream> Open)> entries, CancellationToken cancel)
    {
        var partial = $"{target}.{Guid.NewGuid():N}.partial";
        try
        {
            await using (var stream = new FileStream(partial, FileMode.CreateNew))
            await using (var zip = await ZipArchive.CreateAsync(stream, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancel))
            {
                foreach (var (name, open) in entries.OrderBy(entry => entry.Name, StringComparer.Ordinal))
                {
                    var entry = zip.CreateEntry(name, CompressionLevel.Optimal);
                    entry.LastWriteTime = Fixed;
                    entry.ExternalAttributes = PlainFile;
                    await using var from = open();
                    await using var to = await entry.OpenAsync(cancel);
                    await from.CopyToAsync(to, cancel);
                }
            }

            File.Move(partial, target, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    private static List<(string Name, string Path)> Files(string folder)
    {
        var problems = new List<PluginProblem>();
        var files = new List<(string, string)>();
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Where(file => !IsByProduct(file.Name)))
        {
            var name = Path.GetRelativePath(folder, file.FullName).Replace('\\', '/');
            if (PackageForm.IsLetter(name))
            {
                continue;
            }

            if (PackageNames.Fault(name) is { } fault)
            {
                problems.Add(PackageProblems.Name(folder, name, fault));
            }
            else if (file.LinkTarget is not null)
            {
                problems.Add(PackageProblems.Link(folder, name));
            }

            files.Add((name, file.FullName));
        }

        return problems.Count == 0 ? files : throw new PluginRefusedException(problems);
    }

    // A build leaves them for programs that start on their own and for editors.
    private static bool IsByProduct(string name) =>
        name.EndsWith(".runtimeconfig.json", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".xml", StringComparison.OrdinalIgnoreCase);
}
