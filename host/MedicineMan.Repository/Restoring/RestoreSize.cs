using MedicineMan.Repository.Format;
using MedicineMan.Repository.Reading;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Restoring;

/// <summary>Counts beside a restore how much there is to restore, for the time left.</summary>
internal sealed class RestoreSize(BlobReader blobs, Selection selection, Tally tally)
{
    public async Task Count(TreeNode node, string[] source, CancellationToken cancel)
    {
        try
        {
            var (files, bytes) = node.Name == "/" ? await Folder(node.Subtree!.Value, source, cancel) : await Of(node, source, cancel);
            tally.Expect(files, bytes);
        }
        catch (Exception failure) when (failure is OperationCanceledException or UserFacingException)
        {
            // Then nobody knows. What can't be read is the restore's to report.
        }
    }

    private async Task<(long Files, long Bytes)> Folder(ObjectId tree, string[] source, CancellationToken cancel)
    {
        var (files, bytes) = (0L, 0L);
        foreach (var node in await blobs.Entries(tree, cancel))
        {
            var more = await Of(node, source, cancel);
            (files, bytes) = (files + more.Files, bytes + more.Bytes);
        }

        return (files, bytes);
    }

    private async Task<(long Files, long Bytes)> Of(TreeNode node, string[] source, CancellationToken cancel)
    {
        var path = selection.IsAll ? source : [.. source, node.Name];
        var (isChosen, mayBeBelow) = selection.IsAll ? (true, true) : selection.Of(path);
        return node switch
        {
            { Type: "dir", Subtree: { } tree } when isChosen || mayBeBelow => await Folder(tree, path, cancel),
            { Type: "file" } when isChosen => (1, (long)node.Size),
            _ => (0, 0),
        };
    }
}
