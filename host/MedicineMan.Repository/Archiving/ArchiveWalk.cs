using System.Runtime.CompilerServices;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Reading;
using MedicineMan.Repository.Restoring;

namespace MedicineMan.Repository.Archiving;

/// <summary>
/// The order of an archive: a folder, then what is in it, then the folders in it one after the other. It only depends on the snapshot, so that two walks
/// yield the same. In memory are one folder's entries and the folders still to come.
/// </summary>
internal sealed class ArchiveWalk(BlobReader blobs, Action<string> problem)
{
    private const int LookedForTogether = 1024;

    public async IAsyncEnumerable<(ArchiveFolder Folder, List<TreeNode> Entries)> Run(ArchiveFolder root, [EnumeratorCancellation] CancellationToken cancel)
    {
        var open = new Stack<ArchiveFolder>([root]);
        while (open.TryPop(out var folder))
        {
            var nodes = await Read(folder, cancel);
            yield return (folder, nodes.FindAll(node => node.Type is not ("dir" or "socket")));
            for (var i = nodes.Count - 1; i >= 0; i--)
            {
                if (nodes[i] is { Type: "dir", Subtree: not null } below)
                {
                    open.Push(new ArchiveFolder(folder.PathOf(below.Name), below));
                }
            }
        }
    }

    /// <summary>Entries in their order, each with the blocks of the small files among those around it, which are read together.</summary>
    public static async IAsyncEnumerable<(string Path, TreeNode Node, NearbyBlocks Nearby)> WithBlocks(
        BlobReader blobs, IAsyncEnumerable<(string Path, TreeNode Node)> entries, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var some in entries.Chunk(LookedForTogether).WithCancellation(cancel))
        {
            using var nearby = new NearbyBlocks(blobs, [.. some.Select(entry => entry.Node)], users: 1);
            foreach (var (path, node) in some)
            {
                yield return (path, node, nearby);
            }
        }
    }

    /// <summary>What is in a folder and may be in an archive: no names that lead elsewhere when somebody unpacks it.</summary>
    public async Task<List<TreeNode>> Read(ArchiveFolder folder, CancellationToken cancel)
    {
        try
        {
            var all = SingleNames.Of(await blobs.Entries(folder.Node.Subtree!.Value, cancel), twice => problem($"/{folder.PathOf(twice)} is in the snapshot more than once; the first is in the archive."));
            var nodes = new List<TreeNode>(all.Count);
            foreach (var node in all)
            {
                if (FileName.IsPlain(node.Name))
                {
                    nodes.Add(node);
                }
                else
                {
                    problem($"/{folder.PathOf(node.Name)} was refused: a name in the snapshot leads out of its folder.");
                }
            }

            return nodes;
        }
        catch (DamagedException failure)
        {
            throw new DamagedException($"/{folder.Path}: {failure.Message}", failure);
        }
    }
}

/// <summary>A folder of an archive.</summary>
/// <param name="Path">From the snapshot's root, which is empty.</param>
/// <param name="Node">It.</param>
internal sealed record ArchiveFolder(string Path, TreeNode Node)
{
    public string PathOf(string name) => Path.Length == 0 ? name : $"{Path}/{name}";
}
