using System.Buffers;
using System.Runtime.CompilerServices;
using MedicineMan.Plugins.Sftp.Wire;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Plugins.Sftp;

/// <summary>A folder on an SFTP server as a storage, laid out as the local disk and restic lay theirs out.</summary>
internal sealed class SftpFolder(string root, SftpConnection connection) : IStorageBackend
{
    // 4 MiB on the way keep 100 MB/s busy at 40 ms of latency.
    private const int OnTheWay = 4 * 1024 * 1024;

    // A repository has 256 folders of packs; one after the other would be 256 times the latency, three times over.
    private const int FoldersAtOnce = 32;

    private static readonly SearchValues<char> KeyCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_.");

    private readonly ObjectWriter writer = new(root);

    public string Location => connection.Target.Location;

    public Task<bool> PutAsync(string key, ReadOnlySequence<byte> content, CancellationToken cancel)
    {
        var path = PathOf(key);
        return On($"write {key}", server => writer.Put(server, path, content, cancel), cancel, content.Length);
    }

    public async Task ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancel)
    {
        var path = PathOf(key);
        try
        {
            await On($"read {key}", server => Read(server, key, path, offset, destination, cancel), cancel);
        }
        catch (StorageException missing) when (missing.InnerException is SftpStatusException { Status: SftpStatus.NoSuchFile })
        {
            throw new StorageObjectMissingException(key, Location);
        }
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
    {
        var start = prefix[..(prefix.LastIndexOf('/') + 1)].TrimEnd('/');
        _ = PathOf(start);
        var folders = new Stack<string>([start]);
        while (folders.Count > 0)
        {
            var batch = new List<string>();
            while (batch.Count < FoldersAtOnce && folders.TryPop(out var folder))
            {
                batch.Add(folder);
            }

            foreach (var (key, found) in (await On("list its files", server => Task.WhenAll(batch.Select(folder => ReadFolder(server, folder, cancel))), cancel)).SelectMany(entries => entries))
            {
                cancel.ThrowIfCancellationRequested();
                if (found.IsFolder && (prefix.StartsWith(key + "/", StringComparison.Ordinal) || (key + "/").StartsWith(prefix, StringComparison.Ordinal)))
                {
                    folders.Push(key);
                }
                else if (found.IsFile && key.StartsWith(prefix, StringComparison.Ordinal))
                {
                    yield return new StoredObject(key, found.Size, found.Modified);
                }
            }
        }
    }

    public Task<bool> DeleteAsync(string key, CancellationToken cancel)
    {
        var path = PathOf(key);
        return On($"remove {key}", server => ObjectWriter.Remove(server, path, cancel), cancel);
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    private async Task<bool> Read(SftpCalls server, string key, string path, long offset, Memory<byte> destination, CancellationToken cancel)
    {
        var handle = await server.OpenToRead(path, cancel);
        try
        {
            await using var pieces = new Pipeline(Math.Max(1, OnTheWay / server.ReadPiece), cancel);
            for (var at = 0; at < destination.Length; at += server.ReadPiece)
            {
                var (from, into) = (offset + at, destination.Slice(at, Math.Min(server.ReadPiece, destination.Length - at)));
                await pieces.Add(either => ReadPiece(server, key, handle, from, into, either));
            }

            await pieces.Finish();
            return true;
        }
        finally
        {
            Quietly.Run(server.Close(handle, CancellationToken.None));
        }
    }

    private async Task ReadPiece(SftpCalls server, string key, byte[] handle, long offset, Memory<byte> into, CancellationToken cancel)
    {
        while (into.Length > 0)
        {
            var read = await server.Read(handle, offset, into, cancel);
            if (read == 0)
            {
                throw new StorageException($"{Location} has only {offset} bytes of {key}, where {offset + into.Length} were expected: the file was cut short. Run a check.") { IsDamage = true };
            }

            (offset, into) = (offset + read, into[read..]);
        }
    }

    private async Task<List<(string Key, SftpAttributes Found)>> ReadFolder(SftpCalls server, string folder, CancellationToken cancel)
    {
        var entries = new List<(string, SftpAttributes)>();
        await foreach (var entry in FolderReader.Read(server, folder.Length == 0 ? root : $"{root}/{folder}", cancel))
        {
            var key = folder.Length == 0 ? entry.Name : $"{folder}/{entry.Name}";
            if (key != ObjectWriter.Unfinished)
            {
                entries.Add((key, entry.Attributes));
            }
        }

        return entries;
    }

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

        return $"{root}/{key}";
    }

    private async Task<T> On<T>(string attempt, Func<SftpCalls, Task<T>> call, CancellationToken cancel, long writing = 0)
    {
        try
        {
            return await connection.Use(
                async server =>
                {
                    try
                    {
                        return await call(server);
                    }
                    catch (SftpStatusException refused)
                    {
                        throw await SftpFault.Explain(refused, server, connection.Target, attempt, writing, cancel);
                    }
                },
                cancel);
        }
        catch (SftpLostException lost)
        {
            throw new StorageException($"{Location}: could not {attempt}. {lost.Message.TrimEnd('.')}.", lost) { Transient = true };
        }
    }
}
