namespace MedicineMan.Repository.Indexing;

/// <summary>
/// Entries by number, in the order they were added and column by column: 40 bytes a blob. What the blobs of a pack share is kept once for each run of
/// neighbours, and a blob's length is the way to where the next one starts. Growing adds a page and moves nothing.
/// </summary>
internal sealed class BlobColumns
{
    private const int PageBits = 12;
    private const int PageSize = 1 << PageBits;
    private const int SmallestPage = 64;

    private readonly List<Page> pages = [];
    private readonly List<Run> runs = [];

    public int Count { get; private set; }

    public IReadOnlyList<Run> Runs => runs;

    public ref readonly ObjectId Id(int number) => ref pages[number >> PageBits].Ids[number & (PageSize - 1)];

    /// <summary>Adds a blob of a pack. Neighbours added in their order cost least.</summary>
    /// <returns>Its number.</returns>
    public int Add(int pack, in BlobEntry blob)
    {
        var last = runs.Count - 1;
        if (last >= 0 && runs[last] is var run && run.Pack == pack && run.Kind == blob.Kind && run.End == blob.Offset)
        {
            runs[last] = run with { End = blob.Offset + blob.Length };
        }
        else
        {
            runs.Add(new Run(Count, pack, blob.Kind, blob.Offset + blob.Length));
            last++;
        }

        var at = Count & (PageSize - 1);
        if (at == 0)
        {
            pages.Add(new Page(pages.Count == 0 ? SmallestPage : PageSize, last));
        }

        pages[^1].Put(at, blob);
        return Count++;
    }

    public BlobEntry Entry(int number)
    {
        var runNumber = RunOf(number);
        var run = runs[runNumber];
        var end = number + 1 < EndOf(runNumber) ? Offset(number + 1) : run.End;
        var page = pages[number >> PageBits];
        var offset = Offset(number);
        return new BlobEntry(Id(number), run.Kind, run.Pack, offset, end - offset, page.UncompressedLengths[number & (PageSize - 1)]);
    }

    public BlobKind Kind(int number) => runs[RunOf(number)].Kind;

    public uint Offset(int number) => pages[number >> PageBits].Offsets[number & (PageSize - 1)];

    /// <summary>The number after the last one of a run.</summary>
    public int EndOf(int run) => run + 1 < runs.Count ? runs[run + 1].First : Count;

    private int RunOf(int number)
    {
        // A page remembers the run of its first entry, so that few runs are left to look through.
        var page = number >> PageBits;
        var low = pages[page].FirstRun;
        var high = page + 1 < pages.Count ? pages[page + 1].FirstRun : runs.Count - 1;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = runs[middle].First <= number ? (middle, high) : (low, middle - 1);
        }

        return low;
    }

    /// <summary>Neighbours of one kind in one pack: they start with this number and end before this byte.</summary>
    internal readonly record struct Run(int First, int Pack, BlobKind Kind, uint End);

    private sealed class Page(int size, int firstRun)
    {
        public ObjectId[] Ids = new ObjectId[size];
        public uint[] Offsets = new uint[size];
        public uint[] UncompressedLengths = new uint[size];

        public int FirstRun => firstRun;

        public void Put(int at, in BlobEntry blob)
        {
            if (at == Ids.Length)
            {
                Array.Resize(ref Ids, 4 * at);
                Array.Resize(ref Offsets, 4 * at);
                Array.Resize(ref UncompressedLengths, 4 * at);
            }

            (Ids[at], Offsets[at], UncompressedLengths[at]) = (blob.Id, blob.Offset, blob.UncompressedLength);
        }
    }
}
