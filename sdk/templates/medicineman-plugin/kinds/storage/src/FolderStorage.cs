using System.Buffers;
using System.Runtime.CompilerServices;
using MedicineMan.Sdk.Storage;

namespace Acme.Sample;

/// <summary>Objects as files: each is written aside, synced, and only then given its name.</summary>
public sealed class FolderStorage(string root) : IStorageBackend
{
    private static readonly SearchValues<char> KeyCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_.");

    public string Location => root;

    public async Task<bool> PutAsync(string key, ReadOnlySequence<byte> content, CancellationToken cancel)
    {
        var target = PathOf(key);
        var unfinished = Path.Combine(root, "unfinished", Guid.NewGuid().ToString("n"));
        cancel.ThrowIfCancellationRequested();
        try
        {
            DurableFiles.CreateFolder(Path.GetDirectoryName(target)!);
            DurableFiles.CreateFolder(Path.GetDirectoryName(unfinished)!);
            await using (var file = new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write))
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

            DurableFiles.FlushFolder(Path.GetDirectoryName(target)!);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"{root} could not take {key}: {failure.Message}", failure);
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
            await using var file = File.OpenRead(PathOf(key));
            file.Position = offset;
            await file.ReadExactlyAsync(destination, cancel);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new StorageObjectMissingException(key, root);
        }
        catch (IOException failure)
        {
            throw new StorageException($"{root} could not give {key} back: {failure.Message}", failure) { IsDamage = failure is EndOfStreamException };
        }
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (var file in Files())
        {
            cancel.ThrowIfCancellationRequested();
            var key = Path.GetRelativePath(root, file.FullName).Replace('\\', '/');
            if (key.StartsWith(prefix, StringComparison.Ordinal) && !key.StartsWith("unfinished/", StringComparison.Ordinal))
            {
                yield return new StoredObject(key, file.Length, file.LastWriteTimeUtc);
            }
        }

        await Task.CompletedTask;
    }

    public Task<bool> DeleteAsync(string key, CancellationToken cancel)
    {
        var there = File.Exists(PathOf(key));
        if (there)
        {
            File.Delete(PathOf(key));
        }

        return Task.FromResult(there);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    // Only a folder that is not there is empty. One that cannot be seen right now is not: a prune would remove what the objects in it need.
    private FileInfo[] Files()
    {
        try
        {
            return new DirectoryInfo(root).GetFiles("*", SearchOption.AllDirectories);
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"{root} could not list its files: {failure.Message}", failure);
        }
    }

    // Letter by letter, so that no key names anything outside the folder.
    private string PathOf(string key) => key.Split('/').All(part => part is not ("" or "." or "..") && !part.AsSpan().ContainsAnyExcept(KeyCharacters))
        ? Path.Combine(root, key)
        : throw new ArgumentException($"{key} is not a key.", nameof(key));
}
