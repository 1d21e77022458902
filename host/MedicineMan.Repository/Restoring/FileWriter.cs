using MedicineMan.Repository.Files;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Reading;
using MedicineMan.Repository.Restoring.Targets;
using MedicineMan.Sdk.Storage;
using Microsoft.Win32.SafeHandles;

namespace MedicineMan.Repository.Restoring;

/// <summary>
/// Writes one file. It is written under a name of its own and gets the right one only when it is complete and described, so that half a file is never
/// taken for the file, and one with its name, size and time is finished. A restore that was killed finds what it had written under that other name
/// and goes on with it. A file that is right in part is moved there too: then only what differs is written, without room for a second copy.
/// </summary>
internal sealed class FileWriter(BlobReader blobs, Description description, bool verify, Action<long> progress)
{
    /// <param name="lot">Where it goes, and where its block may be among others.</param>
    /// <param name="node">What it is.</param>
    /// <param name="there">What has its name now; null when nothing has.</param>
    /// <param name="known">How that differs, when somebody has looked.</param>
    /// <param name="cancel">Ends it; what was written stays for the next attempt.</param>
    /// <returns>Bytes written, and what of its description could not be set.</returns>
    public async Task<(long Bytes, IReadOnlyList<string> Problems)> Write(
        FileLot lot, TreeNode node, FileFacts? there, Differences? known, CancellationToken cancel)
    {
        var isOld = false;
        var place = lot.Place;
        var (folder, unfinished) = (place.Open(), place.UnfinishedName(node.Name));
        var handle = place.IsNew ? null : Resume(folder, unfinished);
        try
        {
            if (handle is null && there is not null && known is { IsPartlyRight: true })
            {
                handle = MoveAside(folder, node, unfinished);
                isOld = handle is not null;
            }

            var comparison = new ContentComparison(blobs, node);
            var differences = isOld ? known : handle is null ? null : await comparison.Find(handle, cancel);
            handle ??= folder.CreateFile(unfinished);
            var bytes = differences is null ? await WriteNew(lot.Nearby, handle, node, cancel) : await WriteDifferences(handle, node, differences, comparison, cancel);
            if (verify)
            {
                await Verify(handle, comparison, cancel);
            }

            Posix.Settle(handle, folder.PathOf(node.Name));
            var problems = description.Apply(handle, node, folder.PathOf(node.Name));
            folder.Rename(unfinished, node.Name, replace: there is not null);
            return (bytes, problems);
        }
        catch (Exception failure) when (failure is DamagedException or IOException or UnauthorizedAccessException)
        {
            if (isOld)
            {
                throw new IOException($"{failure.Message} What was there is partly changed and called {unfinished} now.", failure);
            }

            // Half a file must not be taken for the file, and would be in the way on a disk that is full.
            folder.Remove(unfinished);
            throw;
        }
        finally
        {
            handle?.Dispose();
        }
    }

    private async Task<long> WriteNew(NearbyBlocks nearby, SafeFileHandle handle, TreeNode node, CancellationToken cancel)
    {
        var sparse = new SparseWriter(handle, isNew: true);
        var written = 0L;
        await new FileContent(blobs, node, nearby).CopyTo(
            (bytes, _) =>
            {
                sparse.Write(bytes.Span);
                written += bytes.Length;
                progress(bytes.Length);
                return ValueTask.CompletedTask;
            },
            cancel);
        sparse.Finish(written);
        return written;
    }

    private async Task<long> WriteDifferences(SafeFileHandle handle, TreeNode node, Differences differences, ContentComparison comparison, CancellationToken cancel)
    {
        var sparse = new SparseWriter(handle, isNew: false);
        var content = new FileContent(blobs, node);
        var written = 0L;
        foreach (var range in differences.Ranges)
        {
            var at = range.Offset;
            await content.CopyRange(
                range,
                (bytes, _) =>
                {
                    if (!comparison.IsThere(handle, bytes.Span, at))
                    {
                        sparse.MoveTo(at);
                        sparse.Write(bytes.Span);
                        written += bytes.Length;
                    }

                    at += bytes.Length;
                    progress(bytes.Length);
                    return ValueTask.CompletedTask;
                },
                cancel);
        }

        sparse.Finish(differences.Length);
        progress(differences.Length - differences.DifferingBytes);
        return written;
    }

    // From the disk, not from the system's memory of what was written.
    private static async Task Verify(SafeFileHandle handle, ContentComparison comparison, CancellationToken cancel)
    {
        DurableFiles.Flush(handle);
        _ = OpenFolderCalls.posix_fadvise((int)handle.DangerousGetHandle(), 0, 0, OpenFolderCalls.DontNeed);
        if (!(await comparison.Find(handle, cancel)).IsSame)
        {
            throw new IOException("It was written, and read back it is not what was written: look at the disk.");
        }
    }

    // What an earlier restore left. Whatever else has that name is none of it.
    private static SafeFileHandle? Resume(RestoredFolder folder, string unfinished)
    {
        switch (folder.Facts(unfinished))
        {
            case null:
                return null;
            case { Links: 1 } left when GoMode.FromUnix(left.Mode).Type is "file" && left.UserId == Posix.UserId():
                try
                {
                    return folder.ChangeFile(unfinished);
                }
                catch (PosixException)
                {
                    // It was described already, as one that may not be written.
                    break;
                }
        }

        folder.Remove(unfinished);
        return null;
    }

    // Null when it is better written anew. Another name of it, also one outside of the target, would change with it; and who owns it may hold it open,
    // and could go on writing to what by then is somebody else's.
    private static SafeFileHandle? MoveAside(RestoredFolder folder, TreeNode node, string unfinished)
    {
        SafeFileHandle handle;
        try
        {
            handle = folder.ChangeFile(node.Name);
        }
        catch (PosixException)
        {
            return null;
        }

        var facts = Posix.FindFacts((int)handle.DangerousGetHandle(), "", folder.PathOf(node.Name))!.Value;
        if (facts.Links != 1 || GoMode.FromUnix(facts.Mode).Type is not "file" || (facts.UserId != node.UserId && facts.UserId != Posix.UserId()))
        {
            handle.Dispose();
            return null;
        }

        Description.MakeOwn(handle);
        folder.Rename(node.Name, unfinished, replace: true);
        return handle;
    }
}
