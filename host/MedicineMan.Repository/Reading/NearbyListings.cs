using MedicineMan.Repository.Indexing;

namespace MedicineMan.Repository.Reading;

/// <summary>
/// Listings of folders are small and lie one beside the other, and whoever reads one mostly reads those beside it soon: the part of a pack that one lies
/// in is read whole and kept for a while. To a storage far away each read is a way there and back.
/// </summary>
internal sealed class NearbyListings(BlobReader blobs)
{
    private const int PartSize = 32 << 10;

    // A larger one is worth a read of its own. It may begin where a part ends.
    private const int LargestListing = 16 << 10;
    private const int PartsKept = 32;

    private readonly Lock gate = new();
    private readonly LinkedList<Part> parts = [];

    /// <summary>The listing with this number in the index, proven.</summary>
    /// <returns>Null when it is for whoever reads any blob: it is large, or not what was written, or everything that could be kept is in use.</returns>
    public async ValueTask<byte[]?> Find(int number, CancellationToken cancel)
    {
        var place = blobs.Index.Entry(number);
        if (place.Length > LargestListing || Hold(number, place, cancel) is not { } part)
        {
            return null;
        }

        try
        {
            await part.Loading!;
            var plain = new byte[place.PlainLength];
            blobs.Decode(place, part.Bytes.AsSpan((int)(place.Offset - part.Start), (int)place.Length), plain);
            return plain;
        }
        catch (Exception failure) when (failure is DamagedException || (failure is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            // Damage may be that of another one beside it, and it may be another reader who was cancelled.
            return null;
        }
        finally
        {
            lock (gate)
            {
                part.Readers--;
            }
        }
    }

    private Part? Hold(int number, BlobEntry place, CancellationToken cancel)
    {
        lock (gate)
        {
            for (var at = parts.First; at is not null; at = at.Next)
            {
                var known = at.Value;
                if (known.Pack == place.Pack && known.Start <= place.Offset && place.Offset + place.Length <= known.End && known.Loading is { IsFaulted: false, IsCanceled: false })
                {
                    parts.Remove(at);
                    parts.AddFirst(at);
                    known.Readers++;
                    return known;
                }
            }

            var last = parts.Last;
            while (parts.Count >= PartsKept && last is not null && last.Value.Readers > 0)
            {
                last = last.Previous;
            }

            if (parts.Count < PartsKept)
            {
                last = new LinkedListNode<Part>(new Part());
            }
            else if (last is null)
            {
                return null;
            }
            else
            {
                parts.Remove(last);
            }

            parts.AddFirst(last);
            var part = last.Value;
            (part.Pack, part.Readers) = (place.Pack, 1);
            (part.Start, part.End) = blobs.Index.Part(number, PartSize, LargestListing);
            part.Loading = Load(part, place, cancel);
            return part;
        }
    }

    private async Task Load(Part part, BlobEntry place, CancellationToken cancel)
    {
        // Not with the lock held: a storage may do all of its work before it returns.
        await Task.Yield();
        await blobs.ReadListings(place with { Offset = (uint)part.Start }, part.Bytes.AsMemory(0, (int)(part.End - part.Start)), cancel);
    }

    private sealed class Part
    {
        public byte[] Bytes { get; } = new byte[PartSize + LargestListing];

        public int Pack { get; set; }

        public long Start { get; set; }

        public long End { get; set; }

        public int Readers { get; set; }

        public Task? Loading { get; set; }
    }
}
