using System.Security.Cryptography;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Patching;
using MedicineMan.Repository.Storing;

namespace MedicineMan.Repository.Reading;

/// <summary>A file's bytes in order, whether it stands in the snapshot as blocks or as a stream of parts. Every byte handed out was verified.</summary>
internal sealed class FileContent(BlobReader blobs, TreeNode file)
{
    // A sink that is a pipe would otherwise hold a whole part once more.
    private const int Piece = 1 << 20;

    /// <summary>Gives the bytes to the sink, piece by piece. The memory is only lent.</summary>
    public async Task CopyTo(Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> sink, CancellationToken cancel)
    {
        if (!StreamFolder.IsPresented(file))
        {
            await new FileBlocks(blobs, file.Content ?? []).CopyTo(sink, cancel);
            return;
        }

        var pieces = (await PatchedStream.Open(blobs, file, cancel)).Pieces;
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
                    await new FileBlocks(blobs, pieces[i].File.Content!).CopyTo(sink, cancel);
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
}
