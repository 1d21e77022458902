using System.Buffers;
using System.IO.Enumeration;
using System.Runtime.CompilerServices;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Plugins.LocalStorage;

/// <summary>
/// A folder as a storage. An object is written under another name, synced, and then linked to its own, so that it is there whole or not at all, also
/// after a power cut. Nobody but the owner can read what is written.
/// </summary>
internal sealed class LocalFolder(string root) : IStorageBackend
{
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // Clients of the repository format know this folder and leave it alone.
    private const string Unfinished = "tmp";

    private const int ShortRead = 512 << 10;

    // A backup of many of these would push what this machine works with out of its memory, and cost it the time to find room.
    private const int Large = 1 << 20;

    // Longer than any write takes: such a file is the rest of a crash.
    private static readonly TimeSpan LeftoverAge = TimeSpan.FromDays(1);

    private int swept;

    public string Location => root;

    public async Task<bool> PutAsync(string key, ReadOnlySequence<byte> content, CancellationToken cancel)
    {
        var target = PathOf(key);
        try
        {
            if (File.Exists(target))
            {
                return false;
            }

            if (Path.GetDirectoryName(root) is { } parent && !Directory.Exists(parent))
            {
                throw new StorageException($"{root}: the folder {parent} does not exist. Mount the disk it is on, or create it.");
            }

            SweepOnce();
            DurableFiles.CreateFolder(Path.GetDirectoryName(target)!);
            DurableFiles.CreateFolder(Path.Combine(root, Unfinished));
            var unfinished = Path.Combine(root, Unfinished, Path.GetRandomFileName());
            try
            {
                await Write(unfinished, content, cancel);
                if (!DurableFiles.TryName(unfinished, target))
                {
                    return false;
                }
            }
            finally
            {
                File.Delete(unfinished);
            }

            DurableFiles.FlushFolder(Path.GetDirectoryName(target)!);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw LocalFault.Explain(failure, root, $"write {key}");
        }
    }

    public async Task ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancel)
    {
        try
        {
            using var file = File.OpenHandle(PathOf(key), options: FileOptions.None);
            for (var filled = 0; filled < destination.Length;)
            {
                // The asynchronous call does the same on another thread, and waking that one took several times as long as a short read.
                var read = destination.Length <= ShortRead
                    ? RandomAccess.Read(file, destination.Span[filled..], offset + filled)
                    : await RandomAccess.ReadAsync(file, destination[filled..], offset + filled, cancel);
                if (read == 0)
                {
                    throw new StorageException($"{root} has only {offset + filled} bytes of {key}, where {offset + destination.Length} were expected: the file was cut short. Run a check.") { IsDamage = true };
                }

                filled += read;
            }
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new StorageObjectMissingException(key, root);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw LocalFault.Explain(failure, root, $"read {key}");
        }
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (var found in Files(prefix))
        {
            cancel.ThrowIfCancellationRequested();
            var key = KeyOf(found.FullName);
            if (!key.StartsWith(Unfinished + "/", StringComparison.Ordinal) && Describe(key, found) is { } stored)
            {
                yield return stored;
            }
        }

        await Task.CompletedTask;
    }

    public Task<bool> DeleteAsync(string key, CancellationToken cancel)
    {
        var path = PathOf(key);
        try
        {
            // Fails when it is not there, and in any other way when that can't be seen.
            File.GetAttributes(path);
            File.Delete(path);
            DurableFiles.FlushFolder(Path.GetDirectoryName(path)!);
            return Task.FromResult(true);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            return Task.FromResult(false);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw LocalFault.Explain(failure, root, $"remove {key}");
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private List<FileInfo> Files(string prefix)
    {
        var folder = PathOf(prefix[..(prefix.LastIndexOf('/') + 1)].TrimEnd('/'));
        try
        {
            // Not followed: a link could lead out of the folder, or round in a circle.
            var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = false };
            bool IsWanted(ref FileSystemEntry entry) => KeyOf(entry.ToFullPath()).StartsWith(prefix, StringComparison.Ordinal);
            // Not asked first whether the folder is there: any failure of that would be a no, and the folder taken for an empty one.
            return [.. new FileSystemEnumerable<FileInfo>(folder, (ref entry) => (FileInfo)entry.ToFileSystemInfo(), options)
            {
                ShouldIncludePredicate = (ref entry) => !entry.IsDirectory && IsWanted(ref entry),
                // Each start asks for one file at the top, and would go through all packs for it. Within a folder that is wanted, all is.
                ShouldRecursePredicate = IsWanted,
            }];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw LocalFault.Explain(failure, root, "list its files");
        }
    }

    // Null when it was removed since it was listed. Whoever prunes must not take any other failure for that.
    private StoredObject? Describe(string key, FileInfo found)
    {
        try
        {
            return new StoredObject(key, found.Length, found.LastWriteTimeUtc);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw LocalFault.Explain(failure, root, $"look at {key}");
        }
    }

    private string KeyOf(string path) => Path.GetRelativePath(root, path).Replace('\\', '/');

    // Keys are what the contract says, letter by letter: so no key can name anything outside the folder.
    private string PathOf(string key)
    {
        foreach (var segment in key.Length == 0 ? [] : key.Split('/'))
        {
            if (segment is "" or "." or ".." || segment.AsSpan().ContainsAnyExcept(KeyCharacters))
            {
                throw new ArgumentException($"{key} is not a key.", nameof(key));
            }
        }

        return Path.Combine(root, key);
    }

    private static readonly SearchValues<char> KeyCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_.");

    private static async Task Write(string path, ReadOnlySequence<byte> content, CancellationToken cancel)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerFile;
        }

        await using var file = new FileStream(path, options);
        foreach (var part in content)
        {
            await file.WriteAsync(part, cancel);
        }

        DurableFiles.Flush(file.SafeFileHandle);
        if (content.Length >= Large)
        {
            Disk.Forget(file.SafeFileHandle);
        }
    }

    private void SweepOnce()
    {
        var folder = Path.Combine(root, Unfinished);
        if (Interlocked.Exchange(ref swept, 1) == 1 || !Directory.Exists(folder))
        {
            return;
        }

        foreach (var file in new DirectoryInfo(folder).EnumerateFiles())
        {
            if (TimeProvider.System.GetUtcNow() - file.LastWriteTimeUtc > LeftoverAge)
            {
                file.Delete();
            }
        }
    }
}
