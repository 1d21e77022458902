using System.Globalization;
using Microsoft.AspNetCore.Html;

namespace MedicineMan.Host.Shell;

/// Moments and sizes as people read them. The script turns a moment into the reader's own zone; UTC stays on hover.
internal static class When
{
    public static IHtmlContent At(DateTimeOffset moment) => Element(moment, "at");

    public static IHtmlContent Ago(DateTimeOffset moment) => Element(moment, "ago");

    private static HtmlString Element(DateTimeOffset moment, string kind)
    {
        var utc = moment.UtcDateTime;
        var iso = utc.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        var text = utc.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
        return new HtmlString($"""<time datetime="{iso}" data-when="{kind}" title="{text} UTC">{text} UTC</time>""");
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
