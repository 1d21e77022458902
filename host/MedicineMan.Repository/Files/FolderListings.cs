using System.Collections.Concurrent;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Writing;

namespace MedicineMan.Repository.Files;

/// <summary>
/// Makes and stores the listings of folders that are walked: a small one at once, a large one, or one whose files are still to be read, beside the walk of
/// what follows. Waiting there left every other processor idle at the end of each folder.
/// </summary>
internal sealed class FolderListings(BlobPipeline pipeline, BackupCounters counters) : IDisposable
{
    // Listing fewer costs less than handing it over.
    private const int FewEntries = 500;

    // So many may be in the making, which bounds the entries that are held; of small folders enough that files are read many in a turn.
    private const int MostSmall = 64;
    private const int MostLarge = 2;

    // A larger writer is not kept for the next folder.
    private const int MostKept = 1 << 20;

    private readonly SemaphoreSlim small = new(MostSmall);
    private readonly SemaphoreSlim large = new(MostLarge);
    private readonly ConcurrentBag<TreeWriter> writers = [];

    public void Dispose()
    {
        small.Dispose();
        large.Dispose();
    }

    /// <summary>
    /// Takes a folder's entries, of which files may still wait in <paramref name="turns"/>, and closes <paramref name="place"/> when all are read. Comes
    /// back when the walk may go on.
    /// </summary>
    public async Task<Task<TreeNode?>> Make(TreeNode folder, SourceFolder place, List<Task<TreeNode?>> entries, FileTurns turns, CancellationToken cancel)
    {
        if (entries.Count <= FewEntries && entries.TrueForAll(entry => entry.IsCompleted))
        {
            return Task.FromResult<TreeNode?>(await Store(folder, place, entries, cancel));
        }

        var making = entries.Count <= FewEntries ? small : large;
        if (!making.Wait(0, cancel))
        {
            // None may end before its files are read.
            await turns.Flush(cancel);
            await making.WaitAsync(cancel);
        }

        return Task.Run<TreeNode?>(
            async () =>
            {
                try
                {
                    return await Store(folder, place, entries, cancel);
                }
                finally
                {
                    making.Release();
                }
            },
            CancellationToken.None);
    }

    private async Task<TreeNode> Store(TreeNode folder, SourceFolder place, List<Task<TreeNode?>> entries, CancellationToken cancel)
    {
        using (place)
        {
            await Task.WhenAll(entries);
        }

        var writer = writers.TryTake(out var pooled) ? pooled : new TreeWriter();
        writer.Start();
        foreach (var entry in entries)
        {
            if (await entry is { } child)
            {
                writer.Add(child);
            }
        }

        counters.FolderDone();
        var json = writer.Finish();
        var subtree = await pipeline.AddTree(json, cancel);
        if (json.Length <= MostKept)
        {
            writers.Add(writer);
        }

        return folder with { Subtree = subtree };
    }
}
