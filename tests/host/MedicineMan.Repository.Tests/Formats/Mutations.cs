using System.Text;

namespace MedicineMan.Repository.Tests.Formats;

/// <summary>Documents spoilt in every way that finds faults in parsers: the same ones for the same seed.</summary>
internal sealed class Mutations(int seed, IReadOnlyList<byte[]> corpus)
{
    private static readonly string[] Tokens =
    [
        "null", "{}", "[]", "\"\"", "-1", "0", "1e400", "4294967295", "4294967296", "18446744073709551616", "0.5", "true", "\"\\ud800\"", "\"\\u0000\"",
        "\"..\"", "\"a/b\"", "\"\\\\xff\"", "[[[[", "{\"a\":", ",", "\"0001-01-01T00:00:00-99:99\"", "\"9999-12-31T23:59:59.9999999999-99:99\"",
    ];

    private readonly Random random = new(seed);

    public byte[] Next()
    {
        var document = new List<byte>(corpus[random.Next(corpus.Count)]);
        for (var change = random.Next(1, 6); change > 0 && document.Count > 0; change--)
        {
            var at = random.Next(document.Count);
            var length = random.Next(1, Math.Min(40, document.Count - at) + 1);
            switch (random.Next(8))
            {
                case 0: document[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: document[at] = (byte)(random.Next(2) == 0 ? 0xFF : random.Next(256)); break;
                case 2: document.RemoveRange(at, length); break;
                case 3: document.InsertRange(at, document.GetRange(at, length)); break;
                case 4: document.RemoveRange(at, document.Count - at); break;
                case 5: document.InsertRange(at, corpus[random.Next(corpus.Count)]); break;
                default: ReplaceValue(document, at); break;
            }

            // Copies within copies would grow without end.
            if (document.Count > 20_000)
            {
                document.RemoveRange(20_000, document.Count - 20_000);
            }
        }

        return [.. document];
    }

    // What stands between a colon, a bracket or a comma and the next of them is a value or a part of one.
    private void ReplaceValue(List<byte> document, int near)
    {
        const string Ends = ":,[]{}";
        var start = document.FindIndex(near, unit => Ends.Contains((char)unit, StringComparison.Ordinal));
        var end = start < 0 ? -1 : document.FindIndex(start + 1, unit => Ends.Contains((char)unit, StringComparison.Ordinal));
        if (end >= 0)
        {
            document.RemoveRange(start + 1, end - start - 1);
            document.InsertRange(start + 1, Encoding.UTF8.GetBytes(Tokens[random.Next(Tokens.Length)]));
        }
    }
}
