using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Patching;
using MedicineMan.Repository.Reading;

namespace MedicineMan.Repository.Checking;

/// <summary>Walks every folder of every snapshot and makes sure that what it needs is there. A folder found whole once is not walked again.</summary>
internal sealed class TreeCheck(BlobReader blobs, DamageList damage, CheckOptions options)
{
    private readonly HashSet<ObjectId> whole = [];
    private readonly PatchCheck patches = new(blobs, options);

    public async Task Run(IReadOnlyList<SnapshotEntry> snapshots, CancellationToken cancel)
    {
        foreach (var snapshot in snapshots)
        {
            await IsWhole(snapshot.Tree, snapshot.Id.Prefix + ":", false, cancel);
        }
    }

    private async Task<bool> IsWhole(ObjectId tree, string path, bool inStream, CancellationToken cancel)
    {
        if (whole.Contains(tree))
        {
            return true;
        }

        if (!damage.Needs(BlobKind.Tree, tree, path + "/"))
        {
            return false;
        }

        List<TreeNode> nodes;
        try
        {
            nodes = await blobs.Tree(tree, cancel);
        }
        catch (DamagedException failure)
        {
            damage.Other(DamageKind.BrokenTree, failure.Message, path + "/");
            return false;
        }

        var isWhole = true;
        foreach (var node in nodes)
        {
            // What is wrong with a part is wrong with its stream: nobody knows it by another name.
            var place = inStream ? path : $"{path}/{StreamFolder.Present(node).Name}";
            isWhole &= node.Type switch
            {
                "dir" when node.Subtree is { } subtree => await IsWhole(subtree, place, StreamFolder.Is(node), cancel) && (!StreamFolder.Is(node) || await HasParts(node, place, cancel)),
                "dir" => Refuse(place, "A folder has no listing."),
                "file" when node.Content is null => Refuse(place, "A file has no list of blocks."),
                "file" => HasContent(node, place),
                _ => true,
            } && (FileName.IsPlain(node.Name) || Refuse(place, "A name leads out of its folder."));
        }

        if (isWhole)
        {
            whole.Add(tree);
        }

        return isWhole;
    }

    private async Task<bool> HasParts(TreeNode stream, string place, CancellationToken cancel)
    {
        try
        {
            await patches.Verify(stream, cancel);
            return true;
        }
        catch (DamagedException failure)
        {
            damage.Other(DamageKind.BrokenStream, failure.Message, place);
            return false;
        }
    }

    private bool HasContent(TreeNode node, string place)
    {
        foreach (var blob in node.Content!)
        {
            if (!damage.Needs(BlobKind.Data, blob, place))
            {
                return false;
            }
        }

        return true;
    }

    private bool Refuse(string place, string message)
    {
        damage.Other(DamageKind.BrokenTree, message, place);
        return false;
    }
}
