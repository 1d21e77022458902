using System.Globalization;
using Microsoft.AspNetCore.Html;

namespace MedicineMan.Host.Shell;

/// Moments and sizes as people read them. The script turns a moment into the reader's own zone; UTC stays on hover.
internal static class When
{
    public static IHtmlContent At(DateTimeOffset moment) => Element(moment, "at", 10, 5);

    public static IHtmlContent Ago(DateTimeOffset moment) => Element(moment, "ago", 10, 5);

    /// To the second, where what happened stands in a row.
    public static IHtmlContent Exactly(DateTimeOffset moment) => Element(moment, "exactly", 10, 8);

    /// The time of day to the second, in front of a line of a log.
    public static IHtmlContent Clock(DateTimeOffset moment) => Element(moment, "clock", 0, 8);

    private static HtmlString Element(DateTimeOffset moment, string kind, int day, int clock)
    {
        // "s" is 2026-01-31T12:00:00, and cheaper than a pattern of our own; lists show many moments.
        var iso = moment.UtcDateTime.ToString("s", CultureInfo.InvariantCulture);
        var text = string.Concat(iso.AsSpan(0, day), day > 0 ? " " : "", iso.AsSpan(11, clock));
        return new HtmlString($"""<time datetime="{iso}Z" data-when="{kind}" title="{text} UTC">{text} UTC</time>""");
    }
}

internal static class Size
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    public static string Text(long bytes)
    {
        var (size, unit) = ((double)bytes, 0);
        while (size >= 1024 && unit < Units.Length - 1)
        {
            (size, unit) = (size / 1024, unit + 1);
        }

        return string.Create(CultureInfo.InvariantCulture, $"{size:0.#} {Units[unit]}");
    }
}
