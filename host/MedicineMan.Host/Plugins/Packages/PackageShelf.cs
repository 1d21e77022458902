using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages.Format;
using MedicineMan.Host.Plugins.Packages.Installed;
using MedicineMan.Host.Setup;

namespace MedicineMan.Host.Plugins.Packages;

/// The folders of installed plugins, {data}/plugins/{id}/{version}: written once, never changed, removed when nothing of them is in use.
/// Packages are unpacked into a staging folder beside them, so that taking one in is a rename.
internal sealed class PackageShelf(DataDirectory data, PluginCatalogue catalogue, TimeProvider clock)
{
    private const string Staging = ".staging";

    /// By then whoever unpacked something has long put it in its place, in this process or in another.
    private static readonly TimeSpan Settled = TimeSpan.FromMinutes(30);

    private string Root => data.Folder("plugins");

    public string FolderOf(string plugin, string version) => Path.Combine(Root, plugin, version);

    /// A new folder that nothing is loaded from.
    public DirectoryInfo NewStaging() => Directory.CreateDirectory(Path.Combine(Root, Staging, Guid.NewGuid().ToString("N")));

    /// Moves a checked package to its place in one step.
    /// <param name="known">Whether the database knows this version; a folder it does not know was left behind by a crash.</param>
    public void Keep(string staged, PluginManifest manifest, bool known)
    {
        var folder = FolderOf(manifest.Id, manifest.Version);
        if (Directory.Exists(folder))
        {
            if (known)
            {
                return;
            }

            Directory.Delete(folder, recursive: true);
        }

        Directory.CreateDirectory(Path.GetDirectoryName(folder)!);
        Directory.Move(staged, folder);
    }

    /// Opens a version, once its files are what was checked when it was installed.
    /// <exception cref="PluginRefusedException">They are not, or the host does not fit it any more.</exception>
    public PluginPackage Open(InstalledVersion version)
    {
        var folder = FolderOf(version.PluginId, version.Version);
        var list = Path.Combine(folder, PackageForm.ChecksumsFile);
        if (!File.Exists(list) || PackageChecksums.HashOf(list) != version.ChecksumsSha256)
        {
            throw new PluginRefusedException(PackageProblems.ChangedOnDisk(PackageForm.ChecksumsFile, folder));
        }

        PluginProblem[] changed = [.. PackageChecksums.Read(File.ReadAllBytes(list), folder).Differences(folder).Select(name => PackageProblems.ChangedOnDisk(name, folder))];
        return changed.Length == 0 ? PluginPackage.Open(folder) : throw new PluginRefusedException(changed);
    }

    /// Removes the versions the database no longer knows, unless their code is still in memory.
    public void Sweep(IReadOnlyList<InstalledVersion> kept, TimeSpan? settled = null)
    {
        var before = clock.GetUtcNow().UtcDateTime - (settled ?? Settled);
        foreach (var plugin in new DirectoryInfo(Root).EnumerateDirectories())
        {
            var leftOver = plugin.EnumerateDirectories().Where(version =>
                version.CreationTimeUtc <= before && version.LastWriteTimeUtc <= before && !kept.Any(one => one.PluginId == plugin.Name && one.Version == version.Name)).ToArray();
            if (plugin.Name != Staging && (catalogue.StillInMemory(plugin.Name) > 0 || catalogue.Active.Any(active => leftOver.Any(folder => active.Manifest.Id == plugin.Name && active.Manifest.Version == folder.Name))))
            {
                continue;
            }

            Array.ForEach(leftOver, folder => folder.Delete(recursive: true));
            if (!plugin.EnumerateFileSystemInfos().Any() && plugin.CreationTimeUtc <= before)
            {
                plugin.Delete();
            }
        }
    }
}
