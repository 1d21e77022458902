using System.Security.Cryptography;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Patching;
using MedicineMan.Repository.Reading;

namespace MedicineMan.Repository.Checking;

/// <summary>
/// Puts streams stored as patches together, as a restore would: blocks can all be whole and still not be the ones that belong together. A patch that many
/// snapshots share is tried once.
/// </summary>
internal sealed class PatchCheck(BlobReader blobs, CheckOptions options)
{
    private readonly HashSet<ObjectId> sound = [];

    /// <exception cref="DamagedException">Base and patch do not yield what the stream's list of parts says.</exception>
    public async Task Verify(TreeNode folder, CancellationToken cancel)
    {
        var stream = await PatchedStream.Open(blobs, folder, cancel);
        var size = stream.Pieces.Sum(piece => piece.Part.Size);
        if (size != (long)folder.Size)
        {
            throw new DamagedException($"The stream {folder.Name} is damaged: its parts make up {size} bytes where its folder says {folder.Size}.");
        }

        if (!options.ReadData)
        {
            return;
        }

        var content = new FileContent(blobs, StreamFolder.Present(folder));
        var at = 0L;
        foreach (var piece in stream.Pieces)
        {
            if (piece.Basis is not null && Key(piece) is var key && (uint)key.Leading % options.Share.Of == options.Share.Part - 1 && !sound.Contains(key))
            {
                await content.CopyRange(new ByteRange(at, piece.Part.Size), (_, _) => ValueTask.CompletedTask, cancel);
                sound.Add(key);
            }

            at += piece.Part.Size;
        }
    }

    private static ObjectId Key(StreamPiece piece)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(System.Text.Encoding.UTF8.GetBytes($"{piece.Part.Sha256} {piece.Part.Size} {piece.Basis!.Content!.Count}"));
        Span<byte> bytes = stackalloc byte[ObjectId.Size];
        foreach (var id in piece.Basis.Content.Concat(piece.File.Content!))
        {
            id.CopyTo(bytes);
            hash.AppendData(bytes);
        }

        return new ObjectId(hash.GetHashAndReset());
    }
}
