using MedicineMan.Repository.Storing;
using MedicineMan.Repository.Writing;

namespace MedicineMan.Repository.Patching;

/// <summary>The memory that patching takes in one session, however many streams it takes in at once.</summary>
internal sealed class PartLanes : IDisposable
{
    private const int Lanes = 2;
    private const int ReadAhead = 1;

    // Whoever feeds several streams from one source in turns would wait for itself: such a stream is then stored as any other.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim free = new(Lanes);
    private readonly Stack<PatchLane> lanes = [];

    /// <summary>Of all streams together: each lane has a part, and one more is read meanwhile.</summary>
    public SlabPool Parts { get; } = new((Lanes + ReadAhead) * (long)PartReader.BufferSize);

    /// <summary>Null when none has become free for a while.</summary>
    public async Task<PatchLane?> Enter(CancellationToken cancel)
    {
        if (!await free.WaitAsync(Patience, cancel))
        {
            return null;
        }

        lock (lanes)
        {
            return lanes.TryPop(out var lane) ? lane : new PatchLane();
        }
    }

    public void Leave(PatchLane lane)
    {
        lock (lanes)
        {
            lanes.Push(lane);
        }

        free.Release();
    }

    public void Dispose()
    {
        free.Dispose();
        while (lanes.TryPop(out var lane))
        {
            lane.Codec.Dispose();
        }
    }
}

/// <summary>What patching one stream at a time takes: room for a base and for a patch, and a codec. Touched only as far as parts need it.</summary>
internal sealed class PatchLane
{
    public byte[] Basis { get; } = GC.AllocateUninitializedArray<byte>(PartBasis.Largest);

    public byte[] Patch { get; } = GC.AllocateUninitializedArray<byte>(PartCut.Largest / 2);

    public ZstdPatch Codec { get; } = new();
}
