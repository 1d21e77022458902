using System.Globalization;

namespace MedicineMan.Repository.Format;

/// <summary>A point in time to the nanosecond, as file systems keep it; written as RFC 3339 without trailing zeros, as Go writes it.</summary>
internal readonly record struct UnixTime(long Seconds, int Nanoseconds)
{
    private const string WholeSeconds = "yyyy-MM-dd'T'HH:mm:ss";
    private const int WholeLength = 19;

    /// <summary>Length of the longest that is written, in bytes.</summary>
    public const int LongestUtc = WholeLength + 11;

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

    /// <summary>As <see cref="TryParse"/>, only for what <see cref="ToString"/> writes of the years this format knows, and some ten times as fast.</summary>
    public static bool TryParseUtc(ReadOnlySpan<byte> text, out UnixTime time)
    {
        time = default;
        if (text.Length < WholeLength + 1 || text.Length > LongestUtc || text[^1] is not (byte)'Z' || text[4] is not (byte)'-' || text[7] is not (byte)'-'
            || text[10] is not (byte)'T' || text[13] is not (byte)':' || text[16] is not (byte)':' || (text.Length > WholeLength + 1 && text[WholeLength] is not (byte)'.'))
        {
            return false;
        }

        var (year, month, day) = (Number(text[..4]), Number(text[5..7]), Number(text[8..10]));
        var (hour, minute, second) = (Number(text[11..13]), Number(text[14..16]), Number(text[17..19]));
        var fraction = text.Length > WholeLength + 1 ? text[(WholeLength + 1)..^1] : [];
        var nanoseconds = Number(fraction);
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour is < 0 or > 23 || minute is < 0 or > 59
            || second is < 0 or > 59 || nanoseconds < 0)
        {
            return false;
        }

        for (var digit = fraction.Length; digit < 9; digit++)
        {
            nanoseconds *= 10;
        }

        time = new UnixTime((new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc).Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond, nanoseconds);
        return true;
    }

    /// <summary>Writes what <see cref="ToString"/> does.</summary>
    /// <returns>How much; it is all ASCII.</returns>
    public int Write(Span<byte> destination)
    {
        var whole = DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(Seconds, EarliestSeconds, LatestSeconds));
        Digits(destination[..4], whole.Year);
        Digits(destination[5..7], whole.Month);
        Digits(destination[8..10], whole.Day);
        Digits(destination[11..13], whole.Hour);
        Digits(destination[14..16], whole.Minute);
        Digits(destination[17..19], whole.Second);
        (destination[4], destination[7], destination[10], destination[13], destination[16]) = ((byte)'-', (byte)'-', (byte)'T', (byte)':', (byte)':');
        var length = WholeLength;
        if (Nanoseconds != 0)
        {
            destination[length] = (byte)'.';
            Digits(destination.Slice(length + 1, 9), Nanoseconds);
            length = destination[..(length + 10)].LastIndexOfAnyExcept((byte)'0') + 1;
        }

        destination[length] = (byte)'Z';
        return length + 1;
    }

    /// <summary>How far the clock on the wall was ahead where a time that can be read was written; none when no zone is that far.</summary>
    public static TimeSpan OffsetOf(string text) =>
        text.Length >= WholeLength + 6 && TryParseOffset(text.AsSpan(text.Length - 6), out var seconds) && Math.Abs(seconds) <= 14 * 3600 && seconds % 60 == 0
            ? TimeSpan.FromSeconds(seconds) : TimeSpan.Zero;

    public override string ToString()
    {
        Span<byte> text = stackalloc byte[LongestUtc];
        return System.Text.Encoding.ASCII.GetString(text[..Write(text)]);
    }

    // -1 for what is no number.
    private static int Number(ReadOnlySpan<byte> digits)
    {
        var number = 0;
        foreach (var digit in digits)
        {
            if (!char.IsAsciiDigit((char)digit))
            {
                return -1;
            }

            number = number * 10 + (digit - '0');
        }

        return number;
    }

    private static void Digits(Span<byte> destination, int number)
    {
        for (var i = destination.Length - 1; i >= 0; i--)
        {
            destination[i] = (byte)('0' + number % 10);
            number /= 10;
        }
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
