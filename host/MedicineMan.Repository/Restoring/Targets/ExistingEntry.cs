using MedicineMan.Repository.Files;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Reading;

namespace MedicineMan.Repository.Restoring.Targets;

/// <summary>Judges what has an entry's name already.</summary>
internal sealed class ExistingEntry(BlobReader blobs, RestoreOptions options)
{
    /// <param name="folder">Where it is.</param>
    /// <param name="node">What the snapshot has.</param>
    /// <param name="there">What is there.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>What to do, and how a file's content differs when it was read for that.</returns>
    public async Task<(Standing Standing, Differences? Known)> Judge(RestoredFolder folder, TreeNode node, FileFacts there, CancellationToken cancel)
    {
        var mayReplace = Yields(there, node);
        var isSameKind = GoMode.FromUnix(there.Mode).Type == node.Type;
        if (isSameKind && node.Type is not "file")
        {
            return (IsSame(folder, node, there) ? Standing.Right : Otherwise(mayReplace), null);
        }

        var looksRight = isSameKind && LooksRight(there, node);
        if (looksRight && options.Overwrite is not Overwrite.Always && !options.Verify)
        {
            return (Standing.Right, null);
        }

        var known = isSameKind && (looksRight || mayReplace) ? await Compare(folder, node, cancel) : null;
        return (known is { IsSame: true } ? Standing.Right : Otherwise(mayReplace), known);
    }

    public bool Yields(FileFacts there, TreeNode node)
    {
        var time = there.Modified.ToUnixTime();
        return options.Overwrite switch
        {
            Overwrite.Never => false,
            Overwrite.IfNewer => (node.Modified.Seconds, node.Modified.Nanoseconds).CompareTo((time.Seconds, time.Nanoseconds)) > 0,
            _ => true,
        };
    }

    public static bool LooksRight(FileFacts there, TreeNode node) => there.Size == node.Size && there.Modified.ToUnixTime() == node.Modified;

    public Standing Otherwise(bool mayReplace) => mayReplace ? Standing.Yields : options.Overwrite is Overwrite.IfNewer ? Standing.Kept : Standing.InTheWay;

    private static bool IsSame(RestoredFolder folder, TreeNode node, FileFacts there) => node.Type switch
    {
        "symlink" => folder.LinkTarget(node.Name) == (node.LinkTarget ?? ""),
        "fifo" => true,
        _ => there.RawDevice == node.Device,
    };

    private async Task<Differences?> Compare(RestoredFolder folder, TreeNode node, CancellationToken cancel)
    {
        try
        {
            using var handle = folder.OpenFile(node.Name);
            return await new ContentComparison(blobs, node).Find(handle, cancel);
        }
        catch (PosixException)
        {
            // What can't be read is not known to be right.
            return null;
        }
    }
}

/// <summary>What becomes of something that is there.</summary>
internal enum Standing
{
    /// <summary>It is what the snapshot has.</summary>
    Right,

    /// <summary>It is brought to what the snapshot has.</summary>
    Yields,

    /// <summary>It stays because it is as new, as asked.</summary>
    Kept,

    /// <summary>It stays, and the snapshot's can't be restored.</summary>
    InTheWay,
}
