using System.Runtime.InteropServices;

namespace MedicineMan.Repository.Indexing;

/// <summary>
/// Entries by number, in the order they were added: 40 bytes a blob. What the blobs of a pack share is kept once for each run of neighbours, and a blob's
/// length is the way to where the next one starts. Growing adds a page and moves nothing. The first hundred thousand entries are in memory, full pages
/// after them in a file: so ten million blobs are some hundred megabytes of memory, and a look-up there one read that the system mostly has at hand.
/// Not for two threads at once.
/// </summary>
internal sealed class BlobColumns(int pagesInMemory = BlobColumns.PagesInMemory)
{
    private const int PagesInMemory = 32;
    private const int PageBits = 12;
    private const int PageSize = 1 << PageBits;
    private const int SmallestPage = 64;
    private const int None = -2;

    private readonly List<Page> pages = [];
    private readonly List<Run> runs = [];
    private readonly PageFile file = new(PageSize * Marshal.SizeOf<Slot>());
    private readonly Slot[] read = new Slot[2];
    private int readFirst = None;
    private Slot[]? spare;

    public int Count { get; private set; }

    public IReadOnlyList<Run> Runs => runs;

    public ObjectId Id(int number) => At(number).Id;

    public uint Offset(int number) => At(number).Offset;

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
            pages.Add(new Page(last) { Slots = spare ?? new Slot[pages.Count == 0 ? SmallestPage : PageSize] });
            spare = null;
        }

        var page = pages[^1];
        if (at == page.Slots!.Length)
        {
            Array.Resize(ref page.Slots, Math.Min(PageSize, 4 * at));
        }

        page.Slots[at] = new Slot(blob.Id, blob.Offset, blob.UncompressedLength);
        if (at == PageSize - 1 && pages.Count > pagesInMemory && file.TryWrite(pages.Count - 1, MemoryMarshal.AsBytes<Slot>(page.Slots)))
        {
            (spare, page.Slots) = (page.Slots, null);
        }

        return Count++;
    }

    public BlobEntry Entry(int number)
    {
        var runNumber = RunOf(number);
        var run = runs[runNumber];
        var slot = At(number);
        var end = number + 1 < EndOf(runNumber) ? Offset(number + 1) : run.End;
        return new BlobEntry(slot.Id, run.Kind, run.Pack, slot.Offset, end - slot.Offset, slot.UncompressedLength);
    }

    public BlobKind Kind(int number) => runs[RunOf(number)].Kind;

    /// <summary>The number after the last one of a run.</summary>
    public int EndOf(int run) => run + 1 < runs.Count ? runs[run + 1].First : Count;

    /// <summary>A stretch of a pack: a blob with its neighbours, of those parts of a size that packs can be thought of as cut into.</summary>
    /// <param name="number">The blob's.</param>
    /// <param name="size">Of a part, in bytes. All that starts in the blob's own is in the stretch.</param>
    /// <param name="beyond">How far behind the part something that is in the stretch may end; at least the length of the blob.</param>
    public (long Start, long End) Part(int number, int size, int beyond)
    {
        var runNumber = RunOf(number);
        var (first, end) = (runs[runNumber].First, EndOf(runNumber));
        var part = (long)Offset(number) / size * size;
        var start = Offset(FirstFrom(part, first, number));
        var next = FirstFrom(part + size + beyond + 1, number + 1, end);
        return (start, next == end && runs[runNumber].End <= part + size + beyond ? runs[runNumber].End : Offset(next - 1));
    }

    /// <summary>The first so many entries in their order, a page at a time; a page is to be used before the next is asked for.</summary>
    public IEnumerable<(int First, ReadOnlyMemory<Slot> Slots)> Slots(int count)
    {
        Slot[]? whole = null;
        for (var page = 0; page << PageBits < count; page++)
        {
            var slots = pages[page].Slots;
            if (slots is null)
            {
                slots = whole ??= new Slot[PageSize];
                file.Read(page, 0, MemoryMarshal.AsBytes(slots.AsSpan()));
            }

            yield return (page << PageBits, slots.AsMemory(0, Math.Min(PageSize, count - (page << PageBits))));
        }
    }

    private Slot At(int number)
    {
        var (page, at) = (number >> PageBits, number & (PageSize - 1));
        if (pages[page].Slots is { } slots)
        {
            return slots[at];
        }

        // The next one with it: it tells where this one ends, and whoever looks up an id asks for both.
        if (number != readFirst && (number != readFirst + 1 || at == 0))
        {
            readFirst = None;
            file.Read(page, at * Marshal.SizeOf<Slot>(), MemoryMarshal.AsBytes(read.AsSpan(0, at + 1 < PageSize ? 2 : 1)));
            readFirst = number;
        }

        return read[number - readFirst];
    }

    // The first of some neighbours that starts at an offset or behind it; the end where none does.
    private int FirstFrom(long offset, int first, int end)
    {
        while (first < end)
        {
            var middle = (first + end) / 2;
            (first, end) = Offset(middle) < offset ? (middle + 1, end) : (first, middle);
        }

        return first;
    }

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

    /// <summary>What an entry does not share with its neighbours.</summary>
    internal readonly record struct Slot(ObjectId Id, uint Offset, uint UncompressedLength);

    private sealed class Page(int firstRun)
    {
        /// <summary>Null when they are in the file.</summary>
        public Slot[]? Slots;

        public int FirstRun => firstRun;
    }
}
