using System.Buffers;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Samples.MirroredFolders;

/// One of the two folders. An object is written under a passing name, synced, and only then given its own: it is seen whole or not at all.
internal sealed class Folder(string path)
{
    private const string Unfinished = "unfinished";

    public string Path => path;

    public bool Has(string key) => File.Exists(At(key));

    /// <returns>False when the key was taken.</returns>
    public async Task<bool> PutAsync(string key, ReadOnlySequence<byte> content, CancellationToken cancel)
    {
        var (target, unfinished) = (At(key), At($"{Unfinished}/{Guid.NewGuid():n}"));
        try
        {
            DurableFiles.CreateFolder(System.IO.Path.GetDirectoryName(target)!);
            DurableFiles.CreateFolder(System.IO.Path.GetDirectoryName(unfinished)!);
            if (File.Exists(target))
            {
                return false;
            }

            await using (var file = new FileStream(unfinished, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 }))
            {
                foreach (var part in content)
                {
                    await file.WriteAsync(part, cancel);
                }

                DurableFiles.Flush(file.SafeFileHandle);
            }

            if (!DurableFiles.TryName(unfinished, target))
            {
                return false;
            }

            DurableFiles.FlushFolder(System.IO.Path.GetDirectoryName(target)!);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"{path} could not take {key}: {failure.Message} Look whether the disk is mounted, has room and can be written to.", failure);
        }
        finally
        {
            if (File.Exists(unfinished))
            {
                File.Delete(unfinished);
            }
        }
    }

    public async Task ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancel)
    {
        try
        {
            using var file = File.OpenHandle(At(key));
            for (var filled = 0; filled < destination.Length;)
            {
                var read = await RandomAccess.ReadAsync(file, destination[filled..], offset + filled, cancel);
                filled += read > 0 ? read : throw new StorageException($"{path} has only {offset + filled} bytes of {key}, where {offset + destination.Length} were expected. Run a check.") { IsDamage = true };
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"{path} could not give {key} back: {failure.Message} Look whether the disk is mounted and can be read.", failure);
        }
    }

    public Task<byte[]> WholeAsync(string key, CancellationToken cancel) => File.ReadAllBytesAsync(At(key), cancel);

    public IEnumerable<StoredObject> List(string prefix) =>
        from file in Files()
        let key = System.IO.Path.GetRelativePath(path, file.FullName)
        where key.StartsWith(prefix, StringComparison.Ordinal) && !key.StartsWith(Unfinished + "/", StringComparison.Ordinal)
        select new StoredObject(key, file.Length, file.LastWriteTimeUtc);

    public bool Delete(string key)
    {
        if (!Has(key))
        {
            return false;
        }

        File.Delete(At(key));
        DurableFiles.FlushFolder(System.IO.Path.GetDirectoryName(At(key))!);
        return true;
    }

    // Only a folder that is not there is empty. One that cannot be seen right now is not: a prune would remove what the objects in it need.
    private FileInfo[] Files()
    {
        try
        {
            var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = false };
            return new DirectoryInfo(path).GetFiles("*", options);
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"{path} could not list its files: {failure.Message} Look whether the disk is mounted and can be read.", failure);
        }
    }

    private string At(string key) => System.IO.Path.Combine(path, key);
}
