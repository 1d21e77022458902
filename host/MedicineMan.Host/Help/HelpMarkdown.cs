using Markdig;
using Markdig.Extensions.AutoIdentifiers;
using Markdig.Extensions.Tables;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace MedicineMan.Host.Help;

/// Turns one file into one page: its first heading is the title, every other one gets an anchor, and links to other files lead to their pages.
internal static class HelpMarkdown
{
    // Raw HTML off: a page is what its words say, also when somebody sends a change to them.
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UseAutoIdentifiers(AutoIdentifierOptions.GitHub).UsePipeTables().DisableHtml().Build();

    public static HelpPage Page(string name, string text)
    {
        var document = Markdown.Parse(text, Pipeline);
        if (document.OfType<HeadingBlock>().FirstOrDefault() is not { Level: 1 } title)
        {
            throw new InvalidOperationException($"The help page {name} begins with no title.");
        }

        document.Remove(title);
        HelpHeading[] headings = [.. document.Descendants<HeadingBlock>().Select(heading => new HelpHeading(heading.Level, heading.GetAttributes().Id!, Plain(heading.Inline)))];
        foreach (var heading in document.Descendants<HeadingBlock>())
        {
            Anchor(heading);
        }

        foreach (var table in document.Descendants<Table>())
        {
            table.GetAttributes().AddClass("table");
        }

        foreach (var link in document.Descendants<LinkInline>())
        {
            link.Url = Address(name, link.Url ?? "");
        }

        return new HelpPage(name, Plain(title.Inline), document.ToHtml(Pipeline), headings);
    }

    private static void Anchor(HeadingBlock heading)
    {
        var link = new LinkInline($"#{heading.GetAttributes().Id}", "");
        link.AppendChild(new LiteralInline("#"));
        link.GetAttributes().AddClass("anchor");
        link.GetAttributes().AddProperty("aria-label", $"Link to {Plain(heading.Inline)}");
        heading.Inline!.AppendChild(new LiteralInline(" ")).AppendChild(link);
    }

    private static string Address(string page, string url) =>
        url.StartsWith('#') || url.StartsWith('/') || url.StartsWith("https://", StringComparison.Ordinal) ? url
        : url.Split('#') is var parts && HelpPages.NameOf(parts[0]) is { } name ? $"/help/{name}{(parts.Length > 1 ? $"#{parts[1]}" : "")}"
        : throw new InvalidOperationException($"The help page {page} links to {url}, which is no page.");

    private static string Plain(ContainerInline? inline) => string.Concat(inline?.Descendants().Select(one => one switch
    {
        LiteralInline literal => literal.Content.ToString(),
        CodeInline code => code.Content,
        _ => "",
    }) ?? []);
}
