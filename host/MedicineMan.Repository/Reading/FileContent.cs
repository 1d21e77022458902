using System.Buffers;
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

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var codec = new ZstdPatch();
        var pieces = (await PatchedStream.Open(blobs, file, cancel)).Pieces;
        var ahead = Load(pieces, 0, stop.Token);
        try
        {
            for (var i = 0; i < pieces.Count; i++)
            {
                var loaded = await ahead;
                // The next base is read while this part is decoded and handed out.
                ahead = Load(pieces, i + 1, stop.Token);
                await (loaded is null ? new FileBlocks(blobs, pieces[i].File.Content!).CopyTo(sink, cancel) : Decode(codec, pieces[i].Part, loaded, sink, cancel));
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAny(ahead);
            (ahead.IsCompletedSuccessfully ? ahead.Result : null)?.Return();
        }
    }

    private async Task Decode(
        ZstdPatch codec, StreamPart part, Loaded loaded, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> sink, CancellationToken cancel)
    {
        var plain = ArrayPool<byte>.Shared.Rent((int)part.Size);
        try
        {
            var bytes = plain.AsMemory(0, (int)part.Size);
            if (codec.Decompress(loaded.Basis.Span, loaded.Patch.Span, bytes.Span) != bytes.Length || Convert.ToHexStringLower(SHA256.HashData(bytes.Span)) != part.Sha256)
            {
                throw new DamagedException($"The part {part.File} of {file.Name} is not what was written: its patch does not yield it.");
            }

            loaded.Return();
            for (var at = 0; at < bytes.Length; at += Piece)
            {
                await sink(bytes.Slice(at, Math.Min(Piece, bytes.Length - at)), cancel);
            }
        }
        finally
        {
            loaded.Return();
            ArrayPool<byte>.Shared.Return(plain);
        }
    }

    // Null when there is nothing to load: behind the end, or a part stored whole, which is read block by block.
    private async Task<Loaded?> Load(IReadOnlyList<StreamPiece> pieces, int number, CancellationToken cancel)
    {
        if (number == pieces.Count || pieces[number].Basis is not { } basis)
        {
            return null;
        }

        var loaded = new Loaded((int)PatchedStream.Weight(blobs, basis), (int)PatchedStream.Weight(blobs, pieces[number].File));
        try
        {
            await Fill(basis, loaded.Basis, cancel);
            await Fill(pieces[number].File, loaded.Patch, cancel);
            return loaded;
        }
        catch
        {
            loaded.Return();
            throw;
        }
    }

    private Task Fill(TreeNode from, Memory<byte> destination, CancellationToken cancel)
    {
        var at = 0;
        return new FileBlocks(blobs, from.Content!).CopyTo(
            (bytes, _) =>
            {
                bytes.CopyTo(destination[at..]);
                at += bytes.Length;
                return ValueTask.CompletedTask;
            },
            cancel);
    }

    private sealed class Loaded(int basisLength, int patchLength)
    {
        private byte[]? basis = ArrayPool<byte>.Shared.Rent(basisLength);
        private byte[]? patch = ArrayPool<byte>.Shared.Rent(patchLength);

        public Memory<byte> Basis => basis.AsMemory(0, basisLength);

        public Memory<byte> Patch => patch.AsMemory(0, patchLength);

        public void Return()
        {
            if (Interlocked.Exchange(ref basis, null) is { } first)
            {
                ArrayPool<byte>.Shared.Return(first);
            }

            if (Interlocked.Exchange(ref patch, null) is { } second)
            {
                ArrayPool<byte>.Shared.Return(second);
            }
        }
    }
}
