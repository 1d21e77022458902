using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace MedicineMan.Repository.Indexing;

/// <summary>
/// Numbers of entries by id: a hash table of five bytes a slot, in groups of sixteen. One byte of the id stands before each number, so that sixteen
/// slots are ruled out by one comparison and hardly an id is fetched in vain; that matters more than anything else, because ids lie all over the memory, or in a file.
/// </summary>
internal sealed class IdTable(BlobColumns columns)
{
    private const int GroupSize = 16;

    // Above this the runs of full groups get long.
    private const double MaximumLoad = 0.875;
    private const double Growth = 4 / 3.0;

    private byte[] tags = new byte[GroupSize];
    private int[] numbers = new int[GroupSize];
    private int count;

    private BlobColumns Columns => columns;

    private int Groups => tags.Length / GroupSize;

    /// <summary>Adds the entry that the columns have under this number.</summary>
    public void Add(int number, in ObjectId id)
    {
        if (count + 1 > tags.Length * MaximumLoad)
        {
            Grow(number);
        }

        Insert(number, id);
        count++;
    }

    /// <summary>Goes over the entries with this id.</summary>
    public Matches Find(in ObjectId id) => new(this, id);

    /// <returns>The number of the first entry with this kind and id, or -1.</returns>
    public int Find(BlobKind kind, in ObjectId id)
    {
        for (var matches = Find(id); matches.MoveNext();)
        {
            if (columns.Kind(matches.Current) == kind)
            {
                return matches.Current;
            }
        }

        return -1;
    }

    private static byte Tag(in ObjectId id) => (byte)Math.Max(1, id.GetHashCode() & 0xFF);

    private int Home(in ObjectId id) => (int)Math.BigMul(id.Leading, (ulong)Groups, out _);

    private void Insert(int number, in ObjectId id)
    {
        for (var group = Home(id); ; group = group + 1 == Groups ? 0 : group + 1)
        {
            var free = tags.AsSpan(group * GroupSize, GroupSize).IndexOf((byte)0);
            if (free >= 0)
            {
                tags[group * GroupSize + free] = Tag(id);
                numbers[group * GroupSize + free] = number;
                return;
            }
        }
    }

    private void Grow(int upTo)
    {
        // The old arrays are not needed to fill the new ones: the two are never held at once.
        var groups = Math.Max(Groups + 1, (int)(Groups * (Groups < 4096 ? 2 : Growth)));
        (tags, numbers) = ([], []);
        tags = new byte[groups * GroupSize];
        numbers = GC.AllocateUninitializedArray<int>(groups * GroupSize);
        foreach (var (first, slots) in columns.Slots(upTo))
        {
            for (var at = 0; at < slots.Length; at++)
            {
                Insert(first + at, slots.Span[at].Id);
            }
        }
    }

    /// <summary>The walk over entries with one id. Nothing may be added meanwhile.</summary>
    internal ref struct Matches(IdTable table, ObjectId id)
    {
        private readonly Vector128<byte> tag = Vector128.Create(Tag(id));
        private int group = table.Home(id);
        private uint candidates;
        private bool isLast;
        private bool isStarted;

        public int Current { get; private set; }

        public bool MoveNext()
        {
            while (true)
            {
                while (candidates != 0)
                {
                    var slot = BitOperations.TrailingZeroCount(candidates);
                    candidates &= candidates - 1;
                    Current = table.numbers[group * GroupSize + slot];
                    if (table.Columns.Id(Current) == id)
                    {
                        return true;
                    }
                }

                if (isLast)
                {
                    return false;
                }

                group = !isStarted ? group : group + 1 == table.Groups ? 0 : group + 1;
                isStarted = true;
                var tags = Vector128.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(table.tags), (nuint)(group * GroupSize));
                candidates = Vector128.Equals(tags, tag).ExtractMostSignificantBits();
                isLast = Vector128.EqualsAny(tags, Vector128<byte>.Zero);
            }
        }
    }
}
