using System.Threading.Channels;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Reading;
using MedicineMan.Repository.Restoring.Targets;

namespace MedicineMan.Repository.Restoring;

/// <summary>Some files of one folder, which are restored one after the other.</summary>
/// <param name="Place">Their folder, held until they are done.</param>
/// <param name="Nodes">What they are.</param>
/// <param name="Nearby">The small ones' blocks, and those of other lots.</param>
internal sealed record FileLot(Place Place, IReadOnlyList<TreeNode> Nodes, NearbyBlocks Nearby);

/// <summary>
/// The files of a restore on their way to be written. Two that are made in the same folder at once wait for each other in the file system, so that
/// several lots of several folders are done side by side and not several files of one. The blocks of many folders' small files are looked for in the
/// packs together.
/// </summary>
internal sealed class FileLots(BlobReader blobs)
{
    private const int FilesInLot = 64;
    private const long BytesInLot = 4 << 20;
    private const int FilesLookedForTogether = 1024;
    private const int LotsLookedForTogether = 256;
    private const int LotsWaiting = 32;

    private readonly Channel<FileLot> lots = Channel.CreateBounded<FileLot>(LotsWaiting);
    private readonly Queue<(Place Place, List<TreeNode> Nodes)> gathered = [];
    private int files;

    /// <summary>Those that wait for nobody but their turn, until <see cref="Complete"/>.</summary>
    public IAsyncEnumerable<FileLot> All(CancellationToken cancel) => lots.Reader.ReadAllAsync(cancel);

    /// <summary>Adds files of a folder.</summary>
    public async Task Add(Place place, IEnumerable<TreeNode> nodes, CancellationToken cancel)
    {
        List<TreeNode>? lot = null;
        var bytes = 0L;
        foreach (var node in nodes)
        {
            if (lot is null || lot.Count == FilesInLot || bytes >= BytesInLot)
            {
                if (files >= FilesLookedForTogether || gathered.Count == LotsLookedForTogether)
                {
                    await Send(cancel);
                }

                (lot, bytes) = ([], 0);
                place.Hold();
                gathered.Enqueue((place, lot));
            }

            lot.Add(node);
            bytes += (long)node.Size;
            files++;
        }
    }

    /// <summary>There are no more.</summary>
    public async Task Complete(CancellationToken cancel)
    {
        await Send(cancel);
        lots.Writer.Complete();
    }

    /// <summary>There will be no more, because looking for them failed.</summary>
    public void Fail(Exception failure) => lots.Writer.TryComplete(failure);

    /// <summary>Lets go of those that nobody will restore.</summary>
    public void Abandon()
    {
        while (lots.Reader.TryRead(out var lot))
        {
            lot.Place.Release();
        }

        while (gathered.TryDequeue(out var lot))
        {
            lot.Place.Release();
        }
    }

    private async Task Send(CancellationToken cancel)
    {
        var nearby = new NearbyBlocks(blobs, [.. gathered.SelectMany(lot => lot.Nodes)], gathered.Count);
        files = 0;
        while (gathered.TryPeek(out var lot))
        {
            await lots.Writer.WriteAsync(new FileLot(lot.Place, lot.Nodes, nearby), cancel);
            gathered.Dequeue();
        }
    }
}
