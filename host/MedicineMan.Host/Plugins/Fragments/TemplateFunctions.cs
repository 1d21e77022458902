using System.Globalization;
using System.Net;
using Scriban.Functions;
using Scriban.Runtime;

namespace MedicineMan.Host.Plugins.Fragments;

/// What a template can call: a few harmless functions of the engine, and the host's own under ui, which alone make markup.
internal static class TemplateFunctions
{
    private static readonly string[] Text =
        ["append", "capitalize", "contains", "downcase", "ends_with", "lstrip", "prepend", "rstrip", "size", "slice", "split", "starts_with", "strip", "truncate", "upcase"];

    private static readonly string[] Lists = ["any", "compact", "contains", "first", "join", "last", "limit", "map", "offset", "reverse", "size", "sort", "uniq"];

    private static readonly string[] Numbers = ["abs", "ceil", "divided_by", "floor", "minus", "modulo", "plus", "round", "times"];

    private static readonly string[] Colours = ["blue", "green", "orange", "red", "secondary", "yellow"];

    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    public static ScriptObject Allowed { get; } = ReadOnly(new ScriptObject
    {
        ["string"] = Some(new StringFunctions(), Text),
        ["array"] = Some(new ArrayFunctions(), Lists),
        ["math"] = Some(new MathFunctions(), Numbers),
        ["ui"] = Ui(),
    });

    private static ScriptObject Ui()
    {
        var ui = new ScriptObject();
        ui.Import("badge", Badge);
        ui.Import("url", Url);
        ui.Import("time", Time);
        ui.Import("bytes", Bytes);
        return ReadOnly(ui);
    }

    /// A coloured word; an unknown colour is drawn grey.
    private static SafeHtml Badge(string? text, string? colour) =>
        new($"<span class=\"badge bg-{(Colours.Contains(colour) ? colour : "secondary")}-lt\">{WebUtility.HtmlEncode(text)}</span>");

    /// An address of this host or an https one; anything else leads nowhere. Browsers take \ for / and skip tabs and line ends.
    private static string Url(string? address) =>
        address is not null
        && !address.Any(character => char.IsControl(character) || character is '\\' or ' ')
        && ((address.StartsWith('/') && !address.StartsWith("//", StringComparison.Ordinal)) || address.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
            ? address
            : "#";

    /// A moment: UTC here, the reader's zone once the page's script has seen the element.
    private static SafeHtml Time(object? moment) => moment is DateTime utc
        ? new SafeHtml($"<time datetime=\"{utc.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)}\">{utc.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)}</time>")
        : new SafeHtml("–");

    private static string Bytes(double size)
    {
        var unit = 0;
        for (; Math.Abs(size) >= 1024 && unit < Units.Length - 1; unit++)
        {
            size /= 1024;
        }

        return size.ToString(unit == 0 ? "0" : "0.0", CultureInfo.InvariantCulture) + " " + Units[unit];
    }

    private static ScriptObject Some(ScriptObject all, IEnumerable<string> names)
    {
        var some = new ScriptObject();
        foreach (var name in names)
        {
            some[name] = all[name];
        }

        return ReadOnly(some);
    }

    private static ScriptObject ReadOnly(ScriptObject value)
    {
        value.IsReadOnly = true;
        return value;
    }
}
