using System.Security.Cryptography;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Patching;
using MedicineMan.Repository.Storing;

namespace MedicineMan.Repository.Reading;

/// <summary>A file's bytes in order, whether it stands in the snapshot as blocks or as a stream of parts. Every byte handed out was verified.</summary>
/// <param name="blobs">Where it is read from.</param>
/// <param name="file">It.</param>
/// <param name="nearby">Where its block may be among those of others, when it has only one.</param>
internal sealed class FileContent(BlobReader blobs, TreeNode file, NearbyBlocks? nearby = null)
{
    // A sink that is a pipe would otherwise hold a whole part once more.
    private const int Piece = 1 << 20;

    private readonly FileBlocks blocks = new(blobs, file.Content ?? []);
    private PatchedStream? stream;

    /// <summary>How many bytes there are, by the blocks and not by what the folder listing says.</summary>
    public async Task<long> Length(CancellationToken cancel) =>
        StreamFolder.IsPresented(file) ? (await Stream(cancel)).Pieces.Sum(piece => piece.Part.Size) : blocks.Length;

    /// <summary>Gives the bytes to the sink, piece by piece. The memory is only lent.</summary>
    public async Task CopyTo(Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> sink, CancellationToken cancel)
    {
        if (StreamFolder.IsPresented(file))
        {
            await CopyRange(new ByteRange(0, long.MaxValue), sink, cancel);
        }
        else if (!await TryCopyNearby(sink, cancel))
        {
            await blocks.CopyTo(sink, cancel);
        }
    }

    /// <summary>Gives a stretch of them to the sink. What is before and behind it is not read, but for the rest of a part that was patched.</summary>
    public async Task CopyRange(ByteRange range, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> sink, CancellationToken cancel)
    {
        if (!StreamFolder.IsPresented(file))
        {
            if (!await TryCopyNearby((bytes, token) => range.Within(0, bytes.Length) is { Length: > 0 } part ? sink(bytes.Slice((int)part.Offset, (int)part.Length), token) : default, cancel))
            {
                await blocks.CopyRange(range, sink, cancel);
            }

            return;
        }

        var wanted = Wanted((await Stream(cancel)).Pieces, range);
        var pieces = wanted.ConvertAll(one => one.Piece);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var codec = new ZstdPatch();
        using var basis = new NativeBuffer();
        using var patch = new NativeBuffer();
        using var decoded = new NativeBuffer();
        var loaded = new LoadedPatch(blobs, basis, patch);
        var ahead = loaded.Load(pieces, 0, stop.Token);
        try
        {
            for (var i = 0; i < pieces.Count; i++)
            {
                await ahead;
                if (pieces[i].Basis is null)
                {
                    ahead = loaded.Load(pieces, i + 1, stop.Token);
                    await new FileBlocks(blobs, pieces[i].File.Content!).CopyRange(wanted[i].Range, sink, cancel);
                    continue;
                }

                var part = pieces[i].Part;
                var bytes = decoded.Take((int)part.Size);
                var length = codec.Decompress(loaded.Basis.Span, loaded.Patch.Span, bytes.Span);
                // Its memory is free now: the next base is read while this part is verified and handed out.
                ahead = loaded.Load(pieces, i + 1, stop.Token);
                if (length != bytes.Length || Convert.ToHexStringLower(SHA256.HashData(bytes.Span)) != part.Sha256)
                {
                    throw new DamagedException($"The part {part.File} of {file.Name} is not what was written: its patch does not yield it.");
                }

                bytes = bytes.Slice((int)wanted[i].Range.Offset, (int)wanted[i].Range.Length);
                for (var at = 0; at < bytes.Length; at += Piece)
                {
                    await sink(bytes.Slice(at, Math.Min(Piece, bytes.Length - at)), cancel);
                }
            }
        }
        finally
        {
            // The buffers are in use until then.
            await stop.CancelAsync();
            await Task.WhenAny(ahead);
        }
    }

    private async ValueTask<bool> TryCopyNearby(Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> sink, CancellationToken cancel) =>
        nearby is not null && file.Content is [var only] && await nearby.TryCopy(only, sink, cancel);

    private async ValueTask<PatchedStream> Stream(CancellationToken cancel) => stream ??= await PatchedStream.Open(blobs, file, cancel);

    private static List<(StreamPiece Piece, ByteRange Range)> Wanted(IReadOnlyList<StreamPiece> pieces, ByteRange range)
    {
        var wanted = new List<(StreamPiece, ByteRange)>();
        var start = 0L;
        foreach (var piece in pieces)
        {
            var part = range.Within(start, piece.Part.Size);
            if (part.Length > 0)
            {
                wanted.Add((piece, part));
            }

            start += piece.Part.Size;
        }

        return wanted;
    }
}
