using MedicineMan.Repository.Format;
using MedicineMan.Repository.Patching;

namespace MedicineMan.Repository.Reading;

/// <summary>The base and the patch of one part at a time, in memory.</summary>
internal sealed class LoadedPatch(BlobReader blobs, NativeBuffer basis, NativeBuffer patch)
{
    public ReadOnlyMemory<byte> Basis { get; private set; }

    public ReadOnlyMemory<byte> Patch { get; private set; }

    /// <summary>Reads those of a piece; nothing behind the last one, or for one stored whole, which is read block by block.</summary>
    public async Task Load(IReadOnlyList<StreamPiece> pieces, int number, CancellationToken cancel)
    {
        if (number < pieces.Count && pieces[number].Basis is { } file)
        {
            Basis = await Read(file, basis, cancel);
            Patch = await Read(pieces[number].File, patch, cancel);
        }
    }

    private async Task<ReadOnlyMemory<byte>> Read(TreeNode file, NativeBuffer buffer, CancellationToken cancel)
    {
        var content = buffer.Take((int)PatchedStream.Weight(blobs, file));
        var at = 0;
        await new FileBlocks(blobs, file.Content!).CopyTo(
            (bytes, _) =>
            {
                bytes.CopyTo(content[at..]);
                at += bytes.Length;
                return ValueTask.CompletedTask;
            },
            cancel);
        return content;
    }
}
