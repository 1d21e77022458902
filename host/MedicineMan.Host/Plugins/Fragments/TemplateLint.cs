using System.Text;
using System.Text.RegularExpressions;
using AngleSharp.Html.Parser;
using Scriban.Parsing;

namespace MedicineMan.Host.Plugins.Fragments;

/// A button in a template: the action it names and the arguments that go along.
internal sealed record TemplateButton(string Action, IReadOnlyList<string> Arguments);

/// Reads a template before it is ever drawn: its own markup must keep to the rules, and a value may stand only where encoding protects it,
/// in text or in a quoted attribute.
internal static partial class TemplateLint
{
    // Letters and digits only, so that it is text, class or relative address wherever it stands.
    private const string Placeholder = "mmvalue7";

    // "capture" and "include" give markup back as text, which would be encoded a second time, and "wrap" hides what is written where.
    private static readonly string[] ForbiddenWords = ["capture", "include", "include_join", "import", "wrap", "tablerow", "with"];

    /// What is wrong, and the template's buttons.
    public static (IReadOnlyList<string> Problems, IReadOnlyList<TemplateButton> Buttons) Read(string template)
    {
        var problems = new List<string>();
        var page = new StringBuilder();
        var lexer = new Lexer(template);
        StringBuilder? code = null;
        var place = new MarkupPlace();
        foreach (var token in lexer)
        {
            switch (token.Type)
            {
                case TokenType.Raw:
                    var raw = template[token.Start.Offset..(token.End.Offset + 1)];
                    page.Append(raw);
                    place.Read(raw);
                    break;
                case TokenType.Escape or TokenType.EscapeEnter or TokenType.EscapeExit:
                    problems.Add($"Line {token.Start.Line + 1}: a block that is not evaluated, {{%{{ … }}%}}, is not allowed.");
                    break;
                case TokenType.CodeEnter:
                    code = new StringBuilder();
                    break;
                case TokenType.CodeExit:
                    var expression = code?.ToString().Trim() ?? "";
                    problems.AddRange(Misplaced(place, expression).Select(problem => $"Line {token.Start.Line + 1}: {problem}"));
                    page.Append(Placeholder);
                    place.Value();
                    code = null;
                    break;
                case TokenType.Identifier when ForbiddenWords.Contains(token.GetText(template)):
                    problems.Add($"Line {token.Start.Line + 1}: {token.GetText(template)} is not allowed.");
                    goto default;
                default:
                    code?.Append(token.GetText(template));
                    break;
            }
        }

        problems.AddRange(FragmentMarkup.Offences(page.ToString()));
        var buttons = new HtmlParser().ParseDocument("<body>" + page).QuerySelectorAll("button").Select(button => new TemplateButton(
            button.GetAttribute(FragmentMarkup.Action) ?? "", [.. button.Attributes.Select(attribute => attribute.Name).Where(FragmentMarkup.IsArgument).Select(FragmentMarkup.ArgumentName)])).ToArray();
        if (Array.Exists(buttons, button => button.Action.Length == 0))
        {
            problems.Add($"A button without {FragmentMarkup.Action} does nothing; name an action that the manifest declares.");
        }

        return (problems, buttons);
    }

    private static IEnumerable<string> Misplaced(MarkupPlace place, string expression)
    {
        if (place.InTag && place.Attribute is null)
        {
            yield return $"{{{{ {expression} }}}} stands inside a tag; a value may stand in text or in a quoted attribute.";
        }
        else if (place.Attribute == "href" && !(place.AtStart && LinkPattern().IsMatch(expression)))
        {
            yield return $"{{{{ {expression} }}}} in href; write the whole address as {{{{ … | ui.url }}}}.";
        }
        else if (place.Attribute is { } attribute && !FragmentMarkup.Attributes.Contains(attribute) && !FragmentMarkup.IsArgument(attribute))
        {
            yield return $"{{{{ {expression} }}}} in {attribute}; a value may stand in {string.Join(", ", FragmentMarkup.Attributes)}.";
        }
    }

    [GeneratedRegex(@"\|\s*ui\.url$", RegexOptions.CultureInvariant)]
    private static partial Regex LinkPattern();
}
