using MedicineMan.Repository.Format;

namespace MedicineMan.Repository.Reading;

/// <summary>Visits every folder of some snapshots once, level by level and several at a time: memory is a level's ids, not the trees.</summary>
internal static class TreeWalk
{
    private const int AtOnce = 4;

    /// <param name="blobs">Where folders are read from.</param>
    /// <param name="roots">Where to start.</param>
    /// <param name="isNew">Asked for each folder met; true the first time it is. Called by one thread at a time.</param>
    /// <param name="visit">Given each folder's entries, from several threads.</param>
    /// <param name="cancel">Ends it.</param>
    public static async Task Run(BlobReader blobs, IEnumerable<ObjectId> roots, Func<ObjectId, bool> isNew, Action<ObjectId, List<TreeNode>> visit, CancellationToken cancel)
    {
        var gate = new Lock();
        var level = roots.Where(isNew).ToList();
        while (level.Count > 0)
        {
            var next = new List<ObjectId>();
            await Parallel.ForEachAsync(level, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel }, async (tree, token) =>
            {
                var nodes = await blobs.Tree(tree, token);
                visit(tree, nodes);
                lock (gate)
                {
                    next.AddRange(nodes.Where(node => node.Type is "dir").Select(node => node.Subtree).OfType<ObjectId>().Where(isNew));
                }
            });
            level = next;
        }
    }
}
