using System.Diagnostics;
using System.Globalization;
using MedicineMan.Host.Setup;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Plugins.Capabilities;

/// Where plugins get folders that go away: one place for each process, so that what a killed one left behind is found and removed.
internal sealed class ScratchRoom(DataDirectory? data = null)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly Lazy<string> root = new(() => Prepare(data));

    public ScratchFolders For(Grant grant) => new(grant, root);

    private static string Prepare(DataDirectory? data)
    {
        if (data is null)
        {
            return Directory.CreateTempSubdirectory("medicineman-scratch-").FullName;
        }

        var all = data.Folder("scratch");
        foreach (var left in Directory.EnumerateDirectories(all).Where(folder => !Lives(Path.GetFileName(folder))))
        {
            Directory.Delete(left, recursive: true);
        }

        return Directory.CreateDirectory(Path.Combine(all, Environment.ProcessId.ToString(CultureInfo.InvariantCulture)), OwnerOnly).FullName;
    }

    private static bool Lives(string process)
    {
        try
        {
            using var found = Process.GetProcessById(int.Parse(process, CultureInfo.InvariantCulture));
            return true;
        }
        catch (Exception gone) when (gone is ArgumentException or FormatException or OverflowException)
        {
            return false;
        }
    }
}

/// The scratch folders of one version of a plugin.
internal sealed class ScratchFolders(Grant grant, Lazy<string> root) : IDisposable
{
    public const long Room = 1024L * 1024 * 1024;

    private const int Most = 64;

    private static readonly EnumerationOptions NoLinks = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };

    private readonly Lock gate = new();
    private readonly HashSet<string> folders = new(StringComparer.Ordinal);

    /// <exception cref="UserFacingException">The plugin holds too much already.</exception>
    public IScratchFolder Make()
    {
        grant.EnsureInUse();
        lock (gate)
        {
            var bytes = folders.Sum(Bytes);
            if (folders.Count >= Most || bytes >= Room)
            {
                var full = new UserFacingException($"{grant.Name} holds {folders.Count} scratch folders with {bytes / (1024 * 1024)} MiB; {Most} folders and {Room / (1024 * 1024)} MiB are the most. It must dispose some first.");
                grant.Fault("scratch", full);
                throw full;
            }

            var path = Path.Combine(root.Value, $"{grant.PluginId}-{Guid.NewGuid():N}");
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            folders.Add(path);
            return new Folder(this, path);
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            foreach (var folder in folders.ToArray())
            {
                Remove(folder);
            }
        }
    }

    private void Remove(string path)
    {
        lock (gate)
        {
            if (!folders.Remove(path))
            {
                return;
            }
        }

        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // The plugin was quicker.
        }
        catch (Exception held) when (held is IOException or UnauthorizedAccessException)
        {
            grant.Fault("scratch", held);
        }
    }

    private static long Bytes(string folder) => Directory.Exists(folder) ? new DirectoryInfo(folder).EnumerateFiles("*", NoLinks).Sum(file => file.Length) : 0;

    private sealed class Folder(ScratchFolders owner, string path) : IScratchFolder
    {
        public string Path => path;

        public void Dispose() => owner.Remove(path);
    }
}
