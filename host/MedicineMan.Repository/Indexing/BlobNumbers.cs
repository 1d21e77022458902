using System.Numerics;

namespace MedicineMan.Repository.Indexing;

/// <summary>A set of blobs of one index, by their numbers there: a bit for each, little more than a megabyte for ten million. Not for two threads at once.</summary>
internal sealed class BlobNumbers
{
    private ulong[] words = [];

    /// <returns>False when it was in the set.</returns>
    public bool Add(int number)
    {
        var (word, bit) = (number >> 6, 1UL << number);
        if (word >= words.Length)
        {
            Array.Resize(ref words, Math.Max(word + 1, 2 * words.Length));
        }

        var isNew = (words[word] & bit) == 0;
        words[word] |= bit;
        return isNew;
    }

    public bool Contains(int number) => number >> 6 is var word && word < words.Length && (words[word] & 1UL << number) != 0;

    public void Clear() => Array.Clear(words);

    /// <summary>From the lowest, which is the order they lie in within a pack.</summary>
    public IEnumerable<int> InOrder()
    {
        for (var word = 0; word < words.Length; word++)
        {
            for (var left = words[word]; left != 0; left &= left - 1)
            {
                yield return (word << 6) + BitOperations.TrailingZeroCount(left);
            }
        }
    }
}
