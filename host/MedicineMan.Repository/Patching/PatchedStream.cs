using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Reading;

namespace MedicineMan.Repository.Patching;

/// <summary>A stored stream of parts, opened: its pieces in order with the files they are made of.</summary>
internal sealed class PatchedStream
{
    private PatchedStream(IReadOnlyList<StreamPiece> pieces) => Pieces = pieces;

    public IReadOnlyList<StreamPiece> Pieces { get; }

    /// <param name="blobs">Where its parts are read from.</param>
    /// <param name="folder">Its node, presented or not.</param>
    /// <param name="cancel">Ends reading.</param>
    /// <exception cref="DamagedException">Its list of parts and its files do not agree.</exception>
    public static async Task<PatchedStream> Open(BlobReader blobs, TreeNode folder, CancellationToken cancel)
    {
        var nodes = (await blobs.Tree(folder.Subtree!.Value, cancel)).ToDictionary(node => node.Name, StringComparer.Ordinal);
        TreeNode File(string name) => nodes.GetValueOrDefault(name) is { Type: "file", Content: not null } file
            ? file
            : throw new DamagedException($"The stream {folder.Name} is damaged: its part {name} is missing from the folder.");

        var list = File(StreamDescriptor.FileName);
        if (list.Size > StreamDescriptor.LargestSize)
        {
            throw new DamagedException($"The stream {folder.Name} is damaged: its list of parts is larger than any can be.");
        }

        var json = new MemoryStream();
        await new FileBlocks(blobs, list.Content!).CopyTo((bytes, _) => { json.Write(bytes.Span); return ValueTask.CompletedTask; }, cancel);
        var descriptor = StreamDescriptor.Read(json.GetBuffer().AsSpan(0, (int)json.Length), folder.Name);
        var pieces = descriptor.Parts.Select(part => new StreamPiece(part, File(part.File), part.Basis is null ? null : File(part.Basis))).ToList();
        foreach (var piece in pieces)
        {
            // Sizes decide how much memory is asked for: none is believed that the blocks do not bear out.
            var isSound = piece.Basis is null
                ? Weight(blobs, piece.File) == piece.Part.Size
                : piece.Part.Size <= PartCut.LargestStored && piece.Part.Sha256 is not null && Weight(blobs, piece.Basis) <= PartBasis.LargestStored && Weight(blobs, piece.File) <= PartCut.LargestStored;
            if (!isSound)
            {
                throw new DamagedException($"The stream {folder.Name} is damaged: its part {piece.Part.File} is not as long as its list says.");
            }
        }

        return new PatchedStream(pieces);
    }

    public static long Weight(BlobReader blobs, TreeNode file) => file.Content!.Sum(id =>
        blobs.Index.TryFind(BlobKind.Data, id, out var place)
            ? (long)place.PlainLength
            : throw new DamagedException($"The block {id.Prefix} is in no index: a pack or an index file was lost."));
}

/// <summary>A part with the files it is made of.</summary>
internal sealed record StreamPiece(StreamPart Part, TreeNode File, TreeNode? Basis);
