using System.Collections;

namespace MedicineMan.Repository.Indexing;

/// <summary>The blobs of one pack as a view of the index: a list of all packs costs no second copy of every entry.</summary>
internal sealed class PackBlobs(BlobIndex index, IReadOnlyList<(int First, int End)> runs) : IReadOnlyList<BlobEntry>
{
    public int Count { get; } = runs.Sum(run => run.End - run.First);

    public BlobEntry this[int position]
    {
        get
        {
            foreach (var (first, end) in runs)
            {
                if (position < end - first)
                {
                    return index.Entry(first + position);
                }

                position -= end - first;
            }

            throw new ArgumentOutOfRangeException(nameof(position));
        }
    }

    public IEnumerator<BlobEntry> GetEnumerator()
    {
        foreach (var (first, end) in runs)
        {
            for (var number = first; number < end; number++)
            {
                yield return index.Entry(number);
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
