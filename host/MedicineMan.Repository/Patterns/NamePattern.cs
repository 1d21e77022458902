using System.Text;
using MedicineMan.Repository.Format;

namespace MedicineMan.Repository.Patterns;

/// <summary>
/// A pattern for one name: <c>*</c>, <c>?</c>, <c>[a-z]</c>, <c>[^a-z]</c> and <c>\</c> before a letter that stands for itself, as Go's
/// <c>filepath.Match</c> reads it, byte for byte, since restic asks that. Takes no longer than the name times the pattern.
/// </summary>
internal sealed class NamePattern
{
    private readonly byte[]? plain;
    private readonly List<Piece> pieces = [];

    /// <exception cref="FormatException">A bracket or a backslash is not finished.</exception>
    public NamePattern(string pattern)
    {
        var bytes = FileName.Encode(pattern);
        if (!pattern.AsSpan().ContainsAny("\\[]*?"))
        {
            plain = bytes;
            return;
        }

        for (ReadOnlySpan<byte> rest = bytes; rest.Length > 0;)
        {
            var stars = rest.IndexOfAnyExcept((byte)'*');
            var piece = new Piece(stars != 0, []);
            for (rest = stars < 0 ? [] : rest[stars..]; rest.Length > 0 && rest[0] != '*';)
            {
                piece.Steps.Add(Step.Read(ref rest));
            }

            pieces.Add(piece);
        }
    }

    public bool Matches(ReadOnlySpan<byte> name)
    {
        if (plain is not null)
        {
            return name.SequenceEqual(plain);
        }

        for (var i = 0; i < pieces.Count; i++)
        {
            if (!Take(pieces[i], i == pieces.Count - 1, ref name))
            {
                return false;
            }
        }

        return name.Length == 0;
    }

    // After a star the first place that fits is as good as any later one, but the last piece has to end where the name does.
    private static bool Take(Piece piece, bool isLast, ref ReadOnlySpan<byte> name)
    {
        if (piece.AfterStar && piece.Steps.Count == 0)
        {
            name = [];
            return true;
        }

        for (var skip = 0; skip <= (piece.AfterStar ? name.Length : 0); skip++)
        {
            var rest = name[skip..];
            if (Fits(piece, ref rest) && (rest.Length == 0 || !isLast))
            {
                name = rest;
                return true;
            }
        }

        return false;
    }

    private static bool Fits(Piece piece, ref ReadOnlySpan<byte> name)
    {
        foreach (var step in piece.Steps)
        {
            if (!step.Take(ref name))
            {
                return false;
            }
        }

        return true;
    }

    private sealed record Piece(bool AfterStar, List<Step> Steps);

    /// <summary>One byte that stands for itself, or a set of letters.</summary>
    private sealed record Step(byte? Literal, bool IsNegated, List<(Rune Low, Rune High)> Ranges)
    {
        private static readonly (Rune, Rune) AnyLetter = (new Rune(0), new Rune(0x10FFFF));

        public static Step Read(ref ReadOnlySpan<byte> pattern)
        {
            var first = Next(ref pattern);
            return first switch
            {
                (byte)'?' => new Step(null, false, [AnyLetter]),
                (byte)'[' => Set(ref pattern),
                (byte)'\\' => new Step(Next(ref pattern), false, []),
                _ => new Step(first, false, []),
            };
        }

        public bool Take(ref ReadOnlySpan<byte> name)
        {
            if (name.Length == 0)
            {
                return false;
            }

            if (Literal is { } literal)
            {
                var same = name[0] == literal;
                name = name[1..];
                return same;
            }

            // A byte that is no letter counts as the replacement character, as it does in Go.
            Rune.DecodeFromUtf8(name, out var letter, out var length);
            name = name[length..];
            return Ranges.Exists(range => range.Low <= letter && letter <= range.High) != IsNegated;
        }

        private static Step Set(ref ReadOnlySpan<byte> pattern)
        {
            var set = new Step(null, pattern.StartsWith("^"u8), []);
            pattern = set.IsNegated ? pattern[1..] : pattern;
            while (set.Ranges.Count == 0 || !pattern.StartsWith("]"u8))
            {
                var low = Letter(ref pattern);
                var high = low;
                if (pattern.StartsWith("-"u8))
                {
                    pattern = pattern[1..];
                    high = Letter(ref pattern);
                }

                set.Ranges.Add((low, high));
            }

            pattern = pattern[1..];
            return set;
        }

        private static Rune Letter(ref ReadOnlySpan<byte> pattern)
        {
            if (pattern.Length == 0 || pattern[0] is (byte)'-' or (byte)']')
            {
                throw Unfinished();
            }

            pattern = pattern[0] is (byte)'\\' ? pattern[1..] : pattern;
            if (Rune.DecodeFromUtf8(pattern, out var letter, out var length) != System.Buffers.OperationStatus.Done)
            {
                throw Unfinished();
            }

            pattern = pattern[length..];
            return letter;
        }

        private static byte Next(ref ReadOnlySpan<byte> pattern)
        {
            var next = pattern.Length > 0 ? pattern[0] : throw Unfinished();
            pattern = pattern[1..];
            return next;
        }

        private static FormatException Unfinished() => new("a bracket or a backslash is not finished");
    }
}
