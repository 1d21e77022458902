using MedicineMan.Repository.Files;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Reading;

namespace MedicineMan.Repository.Patching;

/// <summary>
/// The stored blocks that patches to a stream may build on: those of the parent snapshot's stream of the same name, or, where that has patches
/// itself, of their bases. So a patch is always one step from its base.
/// </summary>
internal sealed class EarlierStream
{
    // Below this everything fits into a few blocks, and a folder of parts would only be in the way.
    private const long SmallestWorthwhile = 4 << 20;

    private readonly List<ObjectId> blocks = [];
    private readonly List<long> ends = [];
    private readonly List<long> storedEnds = [];

    private EarlierStream(BlobReader blobs) => Blobs = blobs;

    public BlobReader Blobs { get; }

    public IReadOnlyList<ObjectId> Blocks => blocks;

    public long Length => ends.Count == 0 ? 0 : ends[^1];

    /// <summary>Null when there is none, or none that is large enough and whole.</summary>
    public static async Task<EarlierStream?> Find(ParentSnapshot parent, BlobReader blobs, IReadOnlyList<string> path, CancellationToken cancel)
    {
        var folder = await parent.Root(cancel);
        foreach (var segment in path.Take(path.Count - 1))
        {
            folder = folder is null ? null : await folder.Enter(segment, cancel);
        }

        if (folder is null)
        {
            return null;
        }

        var stream = new EarlierStream(blobs);
        try
        {
            var isWhole = folder.Find(path[^1]) is { Type: "file", Content: { } content }
                ? stream.Add(content)
                : folder.Find(path[^1] + StreamFolder.Suffix) is { } node && StreamFolder.Is(node) && await stream.AddParts(node, cancel);
            return isWhole && stream.Length >= SmallestWorthwhile ? stream : null;
        }
        catch (DamagedException)
        {
            // Then everything is stored anew, which also heals it.
            return null;
        }
    }

    public long StartOf(int block) => block == 0 ? 0 : ends[block - 1];

    /// <summary>Plain and stored bytes of some blocks.</summary>
    public (long Plain, long Stored) Weigh(int from, int to) =>
        (StartOf(to) - StartOf(from), (to == 0 ? 0 : storedEnds[to - 1]) - (from == 0 ? 0 : storedEnds[from - 1]));

    /// <summary>The block that a byte lies in; the number of blocks when it lies behind them.</summary>
    public int BlockAt(long offset)
    {
        var at = ends.BinarySearch(Math.Max(0, offset) + 1);
        return at < 0 ? ~at : at;
    }

    private async Task<bool> AddParts(TreeNode folder, CancellationToken cancel)
    {
        var parts = await PatchedStream.Open(Blobs, folder, cancel);
        return parts.Pieces.All(piece => Add((piece.Basis ?? piece.File).Content!));
    }

    private bool Add(IReadOnlyList<ObjectId> content)
    {
        // Bases of neighbours may share the block that their border lies in.
        var first = content.Count > 0 && blocks.Count > 0 ? blocks.LastIndexOf(content[0], blocks.Count - 1, Math.Min(blocks.Count, MostShared)) : -1;
        var shared = first >= 0 && blocks.Skip(first).SequenceEqual(content.Take(blocks.Count - first)) ? blocks.Count - first : 0;
        foreach (var id in content.Skip(shared))
        {
            if (!Blobs.Index.TryFind(BlobKind.Data, id, out var place))
            {
                return false;
            }

            ends.Add(Length + place.PlainLength);
            storedEnds.Add((storedEnds.Count == 0 ? 0 : storedEnds[^1]) + place.Length);
            blocks.Add(id);
        }

        return true;
    }

    private const int MostShared = 8;
}
