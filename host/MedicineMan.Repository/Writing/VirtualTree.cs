using MedicineMan.Repository.Format;

namespace MedicineMan.Repository.Writing;

/// <summary>The folders of a snapshot that no real folder stands behind, until they are written bottom-up at the commit. Safe for concurrent use.</summary>
internal sealed class VirtualTree
{
    private readonly Lock gate = new();
    private readonly Folder root = new();

    /// <summary>Puts a finished node at a place; its name is the last segment.</summary>
    public void Add(IReadOnlyList<string> path, TreeNode node)
    {
        lock (gate)
        {
            var folder = root;
            foreach (var segment in path.Take(path.Count - 1))
            {
                if (folder.Nodes.ContainsKey(segment))
                {
                    throw new ArgumentException($"The snapshot already has something that is not an open folder at {string.Join('/', path)}.", nameof(path));
                }

                folder = folder.Folders.TryGetValue(segment, out var known) ? known : folder.Folders[segment] = new Folder();
            }

            if (folder.Folders.ContainsKey(path[^1]) || !folder.Nodes.TryAdd(path[^1], node))
            {
                throw new ArgumentException($"The snapshot already has something at {string.Join('/', path)}.", nameof(path));
            }
        }
    }

    /// <summary>Gives a folder on the way the owner, mode and times of the real one.</summary>
    public void Describe(IReadOnlyList<string> path, TreeNode node)
    {
        lock (gate)
        {
            var folder = root;
            foreach (var segment in path)
            {
                folder = folder.Folders.TryGetValue(segment, out var known) ? known : folder.Folders[segment] = new Folder();
            }

            folder.Self ??= node;
        }
    }

    /// <summary>Stores all folders.</summary>
    /// <returns>The root tree's id.</returns>
    public Task<ObjectId> Store(BlobPipeline pipeline, UnixTime time, CancellationToken cancel) => Store(root, pipeline, time, cancel);

    private static async Task<ObjectId> Store(Folder folder, BlobPipeline pipeline, UnixTime time, CancellationToken cancel)
    {
        foreach (var (name, child) in folder.Folders)
        {
            var subtree = await Store(child, pipeline, time, cancel);
            var self = child.Self ?? new TreeNode
            {
                Name = name, Type = "dir", Mode = GoMode.Directory | 0x1ED, Modified = time, Accessed = time, Changed = time,
            };
            folder.Nodes.Add(name, self with { Name = name, Subtree = subtree });
        }

        var tree = new TreeWriter();
        foreach (var node in folder.Nodes.Values)
        {
            tree.Add(node);
        }

        return await pipeline.AddTree(tree.Finish(), cancel);
    }

    private sealed class Folder
    {
        public TreeNode? Self { get; set; }

        public Dictionary<string, Folder> Folders { get; } = [];

        public SortedDictionary<string, TreeNode> Nodes { get; } = new(Comparer<string>.Create(FileName.Compare));
    }
}
