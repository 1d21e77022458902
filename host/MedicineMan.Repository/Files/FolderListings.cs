using System.Collections.Concurrent;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Writing;

namespace MedicineMan.Repository.Files;

/// <summary>
/// Makes and stores the listings of folders that are walked: a small one at once, a large one, or one whose files are still being read, beside the walk of
/// what follows. Waiting there left every other processor idle at the end of each folder.
/// </summary>
internal sealed class FolderListings(BlobPipeline pipeline, BackupCounters counters) : IDisposable
{
    // So many may be in the making.
    private const int Most = 2;

    // Listing fewer costs less than handing it over.
    private const int FewEntries = 500;

    // A larger writer is not kept for the next folder.
    private const int MostKept = 1 << 20;

    private readonly SemaphoreSlim making = new(Most);
    private readonly ConcurrentBag<TreeWriter> writers = [];

    public void Dispose() => making.Dispose();

    /// <summary>Takes a folder's entries, all of which end by themselves. Comes back when the walk may go on.</summary>
    public async Task<Task<TreeNode?>> Make(TreeNode folder, List<Task<TreeNode?>> entries, CancellationToken cancel)
    {
        if (entries.Count <= FewEntries && entries.TrueForAll(entry => entry.IsCompleted))
        {
            return Task.FromResult<TreeNode?>(await Store(folder, entries, cancel));
        }

        await making.WaitAsync(cancel);
        return Task.Run<TreeNode?>(
            async () =>
            {
                try
                {
                    return await Store(folder, entries, cancel);
                }
                finally
                {
                    making.Release();
                }
            },
            CancellationToken.None);
    }

    private async Task<TreeNode> Store(TreeNode folder, List<Task<TreeNode?>> entries, CancellationToken cancel)
    {
        await Task.WhenAll(entries);
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
