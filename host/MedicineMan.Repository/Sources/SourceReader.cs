using System.Collections.Concurrent;
using MedicineMan.Repository.Files;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Writing;

namespace MedicineMan.Repository.Sources;

/// <summary>Takes sources into a snapshot under their absolute paths, with the folders on the way to them.</summary>
internal sealed class SourceReader(FolderReader folders, ParentSnapshot? parent, SourceFilter filter, ConcurrentQueue<string> skipped)
{
    // From the root to the last source: the way to the next one is mostly the same.
    private readonly List<(string Name, ParentFolder? Folder)> way = [];

    /// <summary>Takes them in.</summary>
    /// <returns>False when there was nothing to take.</returns>
    public async Task<bool> Add(VirtualTree tree, CancellationToken cancel)
    {
        var adding = new List<Task<bool>>(filter.Outermost.Count);
        try
        {
            foreach (var source in filter.Outermost)
            {
                await Add(source, tree, adding, cancel);
            }

            await folders.Flush(cancel);
            return (await Task.WhenAll(adding)).Contains(true);
        }
        catch
        {
            // Nothing may still be reading when the session is given up.
            folders.Abandon();
            await Task.WhenAny(Task.WhenAll(adding));
            throw;
        }
    }

    private async Task Add(string source, VirtualTree tree, List<Task<bool>> adding, CancellationToken cancel)
    {
        try
        {
            var segments = source.Split('/', StringSplitOptions.RemoveEmptyEntries);
            var known = await Descend(segments, tree, cancel);
            // The root folder itself has no name to stand under: its entries become the snapshot's.
            foreach (var name in segments.Length == 0 ? filter.Wanted("/", Posix.Names("/")) : [])
            {
                adding.Add(Put([name], await folders.Source("/" + name, name, known, cancel), tree));
            }

            if (segments.Length > 0)
            {
                adding.Add(Put(segments, await folders.Source(source, segments[^1], known, cancel), tree));
            }
        }
        catch (PosixException failure)
        {
            skipped.Enqueue(failure.Message);
        }
    }

    private static async Task<bool> Put(string[] segments, Task<TreeNode?> entry, VirtualTree tree)
    {
        if (await entry is not { } node)
        {
            return false;
        }

        tree.Add(segments, node);
        return true;
    }

    private async Task<ParentFolder?> Descend(string[] segments, VirtualTree tree, CancellationToken cancel)
    {
        if (way.Count == 0)
        {
            way.Add(("", parent is null ? null : await parent.Root(cancel)));
        }

        var depth = 1;
        while (depth < Math.Min(way.Count, segments.Length) && way[depth].Name == segments[depth - 1])
        {
            depth++;
        }

        way.RemoveRange(depth, way.Count - depth);
        for (; depth < segments.Length; depth++)
        {
            var ancestor = "/" + string.Join('/', segments[..depth]);
            // A link on the way stands for the folder it leads to, or nothing could stand below it.
            tree.Describe(segments[..depth], folders.Describe(segments[depth - 1], ancestor, Posix.Facts(ancestor, follow: true), isOnTheWay: true));
            way.Add((segments[depth - 1], await FolderReader.Enter(way[^1].Folder, segments[depth - 1], cancel)));
        }

        return way[^1].Folder;
    }
}
