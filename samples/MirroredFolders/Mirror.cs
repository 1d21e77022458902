using System.Buffers;
using System.Runtime.CompilerServices;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Samples.MirroredFolders;

/// Two folders that hold the same. The first one decides who wins a key; what a crash left out of the second is made good when the key is
/// written again, and reads fall back to the second when the first has lost an object.
internal sealed class Mirror(Folder first, Folder second) : IStorageBackend
{
    public string Location => $"{first.Path} and {second.Path}";

    public async Task<bool> PutAsync(string key, ReadOnlySequence<byte> content, CancellationToken cancel)
    {
        Keys.Check(key);
        cancel.ThrowIfCancellationRequested();
        var won = await first.PutAsync(key, content, cancel);
        if (won)
        {
            await second.PutAsync(key, content, CancellationToken.None);
        }
        else if (!second.Has(key))
        {
            await second.PutAsync(key, new ReadOnlySequence<byte>(await first.WholeAsync(key, cancel)), cancel);
        }

        return won;
    }

    public async Task ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancel)
    {
        Keys.Check(key);
        var folder = first.Has(key) ? first : second;
        if (!folder.Has(key))
        {
            throw new StorageObjectMissingException(key, Location);
        }

        await folder.ReadAsync(key, offset, destination, cancel);
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var found in first.List(prefix).Concat(second.List(prefix)))
        {
            cancel.ThrowIfCancellationRequested();
            if (seen.Add(found.Key))
            {
                yield return found;
            }
        }

        await Task.CompletedTask;
    }

    public Task<bool> DeleteAsync(string key, CancellationToken cancel)
    {
        Keys.Check(key);
        cancel.ThrowIfCancellationRequested();
        // The second first: a crash in between leaves the object where reads look for it, and removing it again is fine.
        var (there, here) = (second.Delete(key), first.Delete(key));
        return Task.FromResult(here || there);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
