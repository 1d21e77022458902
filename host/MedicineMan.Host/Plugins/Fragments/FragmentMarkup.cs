using System.Text.RegularExpressions;
using AngleSharp.Dom;
using Ganss.Xss;

namespace MedicineMan.Host.Plugins.Fragments;

/// The markup a fragment may be made of. It holds for templates when they are read and again for what they produce: encoding alone does
/// not stop an address or a class from doing harm.
internal static partial class FragmentMarkup
{
    /// On a button: the action it starts, which the manifest declares. The host makes a form of it; by itself it does nothing.
    public const string Action = "data-mm-action";

    /// On a button: begins the name of an argument of its action.
    public const string Argument = "data-mm-argument-";

    public static readonly IReadOnlyCollection<string> Attributes =
        ["aria-describedby", "aria-hidden", "aria-label", "class", "colspan", "datetime", "dir", "href", "lang", "max", "role", "rowspan", "scope", "title", "value"];

    private static readonly string[] Tags =
    [
        "a", "abbr", "b", "br", "button", "caption", "code", "dd", "div", "dl", "dt", "em", "h2", "h3", "h4", "h5", "hr", "i", "li", "ol", "p", "pre", "progress", "small",
        "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "ul",
    ];

    // Classes that lift an element out of its card and over the page, or that the page's own script takes for its handles.
    private static readonly string[] ForbiddenClasses = ["position-", "fixed-", "sticky-", "stretched-", "modal", "offcanvas", "dropdown", "toast", "htmx-", "js-", "vh-", "vw-", "min-vh-", "min-vw-", "z-"];

    private static readonly HtmlSanitizer Sanitizer = Create((element, name) => element.ClassList.Remove(name));

    public static string Clean(string html) => Sanitizer.Sanitize(html);

    /// What the rules would take out of a piece of markup, one sentence each.
    public static IReadOnlyList<string> Offences(string html)
    {
        var offences = new List<string>();
        var strict = Create((_, name) => offences.Add($"The class {name} is not allowed: a fragment stays in its card."));
        strict.RemovingTag += (_, removed) => offences.Add($"<{removed.Tag.LocalName}> is not allowed.");
        strict.RemovingAttribute += (_, removed) => Note(!removed.Cancel, $"{removed.Attribute.Name}=\"{removed.Attribute.Value}\" on <{removed.Tag.LocalName}> is not allowed.");
        strict.Sanitize(html);
        return offences;

        void Note(bool offence, string sentence)
        {
            if (offence)
            {
                offences.Add(sentence);
            }
        }
    }

    public static bool IsArgument(string attribute) => ArgumentPattern().IsMatch(attribute);

    /// The name of an argument in the job's JSON: "data-mm-argument-server-id" is "serverId".
    public static string ArgumentName(string attribute)
    {
        var words = attribute[Argument.Length..].Split('-');
        return words[0] + string.Concat(words.Skip(1).Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
    }

    private static HtmlSanitizer Create(Action<IElement, string> forbiddenClass)
    {
        var sanitizer = new HtmlSanitizer(new HtmlSanitizerOptions
        {
            AllowedTags = new HashSet<string>(Tags, StringComparer.OrdinalIgnoreCase),
            AllowedAttributes = new HashSet<string>(Attributes, StringComparer.OrdinalIgnoreCase),
            AllowedSchemes = new HashSet<string>(["https"], StringComparer.OrdinalIgnoreCase),
            UriAttributes = new HashSet<string>(["href"], StringComparer.OrdinalIgnoreCase),
        });
        sanitizer.RemovingAttribute += (_, removed) => removed.Cancel = removed.Tag.LocalName == "button" && (removed.Attribute.Name == Action || IsArgument(removed.Attribute.Name));
        sanitizer.PostProcessNode += (_, seen) =>
        {
            foreach (var name in Forbidden(seen.Node))
            {
                forbiddenClass((IElement)seen.Node, name);
            }
        };
        return sanitizer;
    }

    private static string[] Forbidden(INode node) => node is IElement { ClassName: not null } element
        ? [.. element.ClassList.Where(name => Array.Exists(ForbiddenClasses, start => name.StartsWith(start, StringComparison.OrdinalIgnoreCase)))]
        : [];

    [GeneratedRegex("^data-mm-argument-[a-z][a-z0-9]*(-[a-z0-9]+)*$", RegexOptions.CultureInvariant)]
    private static partial Regex ArgumentPattern();
}
