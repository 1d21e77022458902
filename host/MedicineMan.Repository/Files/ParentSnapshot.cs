using MedicineMan.Repository.Format;
using MedicineMan.Repository.Reading;

namespace MedicineMan.Repository.Files;

/// <summary>An earlier snapshot, looked into folder by folder, to tell which files need not be read again.</summary>
internal sealed class ParentSnapshot(BlobReader blobs, ObjectId root)
{
    public ObjectId Tree => root;

    public Task<ParentFolder?> Root(CancellationToken cancel) => ParentFolder.Load(blobs, root, cancel);
}

/// <summary>A folder of it.</summary>
internal sealed class ParentFolder
{
    private readonly BlobReader blobs;
    private readonly Dictionary<string, TreeNode> nodes;

    private ParentFolder(BlobReader blobs, List<TreeNode> nodes)
    {
        this.blobs = blobs;
        this.nodes = new Dictionary<string, TreeNode>(nodes.Count, StringComparer.Ordinal);
        foreach (var node in nodes)
        {
            this.nodes.TryAdd(node.Name, node);
        }
    }

    public TreeNode? Find(string name) => nodes.GetValueOrDefault(name);

    public async Task<ParentFolder?> Enter(string name, CancellationToken cancel) =>
        Find(name) is { Subtree: { } subtree } ? await Load(blobs, subtree, cancel) : null;

    /// <summary>Null when the listing is lost: then everything below is read again, which also heals the loss.</summary>
    public static async Task<ParentFolder?> Load(BlobReader blobs, ObjectId tree, CancellationToken cancel)
    {
        try
        {
            return new ParentFolder(blobs, await blobs.Tree(tree, cancel));
        }
        catch (DamagedException)
        {
            return null;
        }
    }
}
