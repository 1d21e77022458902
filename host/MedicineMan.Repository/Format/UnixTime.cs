using System.Globalization;

namespace MedicineMan.Repository.Format;

/// <summary>A point in time to the nanosecond, as file systems keep it; written as RFC 3339 without trailing zeros, as Go writes it.</summary>
internal readonly record struct UnixTime(long Seconds, int Nanoseconds)
{
    private const string WholeSeconds = "yyyy-MM-dd'T'HH:mm:ss";
    private const int WholeLength = 19;

    private static readonly long EarliestSeconds = DateTimeOffset.MinValue.ToUnixTimeSeconds();
    private static readonly long LatestSeconds = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    public static UnixTime From(DateTimeOffset time)
    {
        var seconds = time.ToUnixTimeSeconds();
        return new UnixTime(seconds, (int)((time.UtcTicks - DateTimeOffset.FromUnixTimeSeconds(seconds).UtcTicks) * 100));
    }

    public DateTimeOffset ToDateTimeOffset() =>
        DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(Seconds, EarliestSeconds, LatestSeconds)).AddTicks(Nanoseconds / 100);

    public static bool TryParse(string? text, out UnixTime time)
    {
        time = default;
        if (text is null || text.Length <= WholeLength)
        {
            return false;
        }

        var rest = text.AsSpan(WholeLength);
        var nanoseconds = 0;
        if (rest[0] is '.')
        {
            var digits = 0;
            while (digits + 1 < rest.Length && char.IsAsciiDigit(rest[digits + 1]))
            {
                nanoseconds = digits < 9 ? nanoseconds * 10 + (rest[digits + 1] - '0') : nanoseconds;
                digits++;
            }

            for (var i = digits; i < 9; i++)
            {
                nanoseconds *= 10;
            }

            rest = rest[(digits + 1)..];
        }

        // Go can write the year 0, which .NET does not know; nothing on a disk is that old.
        var whole = text.StartsWith("0000", StringComparison.Ordinal) ? "0001" + text[4..WholeLength] : text[..WholeLength];
        if (!DateTime.TryParseExact(whole, WholeSeconds, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var utc)
            || !TryParseOffset(rest, out var offset))
        {
            return false;
        }

        time = new UnixTime((utc.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond - offset, nanoseconds);
        return true;
    }

    /// <summary>How far the clock on the wall was ahead where a time that can be read was written; none when no zone is that far.</summary>
    public static TimeSpan OffsetOf(string text) =>
        text.Length >= WholeLength + 6 && TryParseOffset(text.AsSpan(text.Length - 6), out var seconds) && Math.Abs(seconds) <= 14 * 3600 && seconds % 60 == 0
            ? TimeSpan.FromSeconds(seconds) : TimeSpan.Zero;

    public override string ToString()
    {
        var whole = DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(Seconds, EarliestSeconds, LatestSeconds))
            .ToString(WholeSeconds, CultureInfo.InvariantCulture);
        return Nanoseconds == 0
            ? whole + "Z"
            : $"{whole}.{Nanoseconds.ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0')}Z";
    }

    private static bool TryParseOffset(ReadOnlySpan<char> text, out int seconds)
    {
        seconds = 0;
        if (text is "Z")
        {
            return true;
        }

        if (text.Length < 6 || text[0] is not ('+' or '-') || text[3] is not ':'
            || !int.TryParse(text[1..3], NumberStyles.None, CultureInfo.InvariantCulture, out var hours)
            || !int.TryParse(text[4..6], NumberStyles.None, CultureInfo.InvariantCulture, out var minutes))
        {
            return false;
        }

        seconds = (hours * 3600 + minutes * 60) * (text[0] is '-' ? -1 : 1);
        return true;
    }
}
