using System.Buffers;
using System.Security.Cryptography;
using MedicineMan.Repository.Storing;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Repository.Caching;

/// <summary>
/// A storage whose index and snapshot files, and what was read of folder listings, are kept on this machine as well, sealed as they are. Only a cache: a copy
/// that is damaged, missing or can't be written costs time, never data. Deleting the folder is always safe.
/// </summary>
internal sealed class CachedStorage : IStorageBackend, IListingsCache
{
    private static readonly string[] Kept = [ObjectStore.Index, ObjectStore.Snapshots];

    private readonly IStorageBackend inner;
    private readonly string folder;

    public CachedStorage(IStorageBackend inner, string folder)
    {
        this.inner = inner;
        this.folder = folder;
        TryDisk(() =>
        {
            Directory.CreateDirectory(folder);
            // When it was last of use, for whoever cleans up.
            Directory.SetLastWriteTimeUtc(folder, TimeProvider.System.GetUtcNow().UtcDateTime);
        });
    }

    public string Location => inner.Location;

    public Task<bool> PutAsync(string key, ReadOnlySequence<byte> content, CancellationToken cancel) => inner.PutAsync(key, content, cancel);

    public async Task ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancel)
    {
        if (offset != 0 || IdOf(key) is not { } id)
        {
            await inner.ReadAsync(key, offset, destination, cancel);
            return;
        }

        if (TryDisk(() => ReadCopy(key, destination.Span)) && ObjectId.Of(destination.Span) == id)
        {
            return;
        }

        await inner.ReadAsync(key, offset, destination, cancel);
        if (ObjectId.Of(destination.Span) == id)
        {
            TryDisk(() => WriteCopy(key, destination.Span));
        }
    }

    public async Task ReadListings(string key, long offset, Memory<byte> destination, CancellationToken cancel)
    {
        var copy = $"{key}-{offset}";
        if (!TryDisk(() => ReadProven(copy, destination.Span)))
        {
            await inner.ReadAsync(key, offset, destination, cancel);
            TryDisk(() => WriteCopy(copy, [.. SHA256.HashData(destination.Span), .. destination.Span]));
        }
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        var listed = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var found in inner.ListAsync(prefix, cancel))
        {
            listed.Add(found.Key);
            yield return found;
        }

        if (Kept.Contains(prefix))
        {
            // What others have removed is of no use any more.
            TryDisk(() =>
            {
                foreach (var copy in Directory.Exists(PathOf(prefix)) ? Directory.GetFiles(PathOf(prefix)) : [])
                {
                    if (!listed.Contains(prefix + Path.GetFileName(copy)))
                    {
                        Remove(prefix + Path.GetFileName(copy));
                    }
                }
            });
        }
    }

    public async Task<bool> DeleteAsync(string key, CancellationToken cancel)
    {
        var removed = await inner.DeleteAsync(key, cancel);
        if (IdOf(key) is not null)
        {
            TryDisk(() => Remove(key));
        }

        return removed;
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    // Null for what is not kept: anything but an index or snapshot under its own name.
    private static ObjectId? IdOf(string key) =>
        Array.Find(Kept, kept => key.StartsWith(kept, StringComparison.Ordinal)) is { } kind && ObjectId.TryParse(key[kind.Length..], out var id) ? id : null;

    private string PathOf(string key) => Path.Combine(folder, key);

    // Only a prune or a repair removes an index, and packs with it: which parts of packs are of use still, those that are read again show.
    private void Remove(string key)
    {
        File.Delete(PathOf(key));
        if (key.StartsWith(ObjectStore.Index, StringComparison.Ordinal) && Directory.Exists(PathOf(ObjectStore.Data)))
        {
            Directory.Delete(PathOf(ObjectStore.Data), recursive: true);
        }
    }

    private void ReadCopy(string key, Span<byte> destination)
    {
        using var file = File.OpenHandle(PathOf(key));
        if (RandomAccess.GetLength(file) != destination.Length || RandomAccess.Read(file, destination, 0) != destination.Length)
        {
            throw new IOException("The copy is not as long as the original.");
        }
    }

    // A part of a file has no name that proves it: its hash stands in front.
    private void ReadProven(string key, Span<byte> destination)
    {
        var copy = File.ReadAllBytes(PathOf(key));
        var content = copy.AsSpan(Math.Min(copy.Length, ObjectId.Size));
        if (content.Length != destination.Length || ObjectId.Of(content) != new ObjectId(copy.AsSpan(0, ObjectId.Size)))
        {
            throw new IOException("The copy is not what the original was.");
        }

        content.CopyTo(destination);
    }

    private void WriteCopy(string key, ReadOnlySpan<byte> content)
    {
        var path = PathOf(key);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var unfinished = Path.Combine(folder, Path.GetRandomFileName());
        try
        {
            File.WriteAllBytes(unfinished, content);
            File.Move(unfinished, path, overwrite: true);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
    }

    private static bool TryDisk(Action attempt)
    {
        try
        {
            attempt();
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A cache that does not work is as good as none: the storage has everything.
            return false;
        }
    }
}
