using System.Globalization;
using System.Text;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Retention;

/// <summary>A span as the calendar has it, such as <c>1y5m7d2h</c>. A month is as long as that month is.</summary>
public readonly record struct KeepFor(int Years, int Months, int Days, int Hours)
{
    /// <summary>True for no span at all.</summary>
    public bool IsZero => this == default;

    /// <summary>Reads numbers with the units y, m, d and h, in any order.</summary>
    /// <exception cref="UserFacingException">It is something else.</exception>
    public static KeepFor Parse(string text)
    {
        var span = default(KeepFor);
        var rest = text.AsSpan().Trim();
        while (rest.Length > 0)
        {
            var digits = rest[0] is '-' ? 1 : 0;
            while (digits < rest.Length && char.IsAsciiDigit(rest[digits]))
            {
                digits++;
            }

            if (digits == rest.Length || !int.TryParse(rest[..digits], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            {
                throw Unreadable(text);
            }

            span = rest[digits] switch
            {
                'y' => span with { Years = number },
                'm' => span with { Months = number },
                'd' => span with { Days = number },
                'h' => span with { Hours = number },
                _ => throw Unreadable(text),
            };
            rest = rest[(digits + 1)..];
        }

        return span;
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var (number, unit) in new[] { (Years, 'y'), (Months, 'm'), (Days, 'd'), (Hours, 'h') })
        {
            _ = number == 0 ? text : text.Append(CultureInfo.InvariantCulture, $"{number}{unit}");
        }

        return text.ToString();
    }

    /// <summary>The point in time this long before another one, by the calendar on the wall of whoever wrote that.</summary>
    /// <remarks>A day that a month does not have runs over into the next month, as in other clients: a month before 31 March is 3 March.</remarks>
    internal DateTimeOffset Before(DateTimeOffset time, TimeZoneInfo here)
    {
        var months = (time.Year - (long)Years) * 12 + time.Month - 1 - Months;
        if (months is < 24 or > 9998 * 12)
        {
            return months < 24 ? DateTimeOffset.MinValue : DateTimeOffset.MaxValue;
        }

        var wall = new DateTime((int)(months / 12), (int)(months % 12) + 1, 1).AddDays(time.Day - 1 - Days) + time.TimeOfDay;
        // The offset of this machine's own zone moves with summer time; any other one is all that is known of its zone.
        var offset = here.GetUtcOffset(time) == time.Offset ? here.GetUtcOffset(wall) : time.Offset;
        return new DateTimeOffset(wall, offset).AddHours(-Hours);
    }

    private static UserFacingException Unreadable(string text) =>
        new($"\"{text}\" is no span of time. Write numbers with y, m, d or h, for instance 1y6m or 14d.") { Permanent = true };
}
