using System.Net;
using System.Text.Json.Nodes;
using AngleSharp.Html.Parser;
using MedicineMan.Host.Access;
using MedicineMan.Host.Help;
using MedicineMan.Host.Plugins.Fragments;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Sdk.Ui;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Help;

/// The documentation that ships with the product.
public sealed class HelpTests
{
    private static readonly HelpPages Pages = new();

    [Fact]
    public async Task Every_member_can_read_every_page_and_no_link_on_it_is_dead()
    {
        await using var host = await TestHost.Start();
        await host.Owner();
        var viewer = await host.Member(Role.Viewer);
        var start = await viewer.Get("/help");

        var listed = start.Page.QuerySelectorAll("main a").Select(link => link.GetAttribute("href")!).ToArray();
        Assert.Equal(Pages.Groups.SelectMany(group => group.Pages).Select(page => $"/help/{page.Name}"), listed);
        Assert.NotNull(start.Page.QuerySelector("nav[aria-label=Main] a[href='/help'][aria-current=page]"));
        foreach (var address in listed)
        {
            var page = (await viewer.Get(address)).Page;
            Assert.Single(page.QuerySelectorAll("h1"));
            var ids = page.QuerySelectorAll("[id]").Select(one => one.Id!).ToHashSet(StringComparer.Ordinal);
            foreach (var link in page.QuerySelectorAll("article a, .contents a").Select(link => link.GetAttribute("href")!).Where(link => !link.StartsWith("https://", StringComparison.Ordinal)))
            {
                Assert.True(link.StartsWith('#') ? ids.Contains(link[1..]) : listed.Contains(link.Split('#')[0]), $"{address} links to {link}");
            }
        }

        Assert.Equal(HttpStatusCode.NotFound, (await viewer.Get("/help/no-such-page")).Status);
        Assert.StartsWith("/sign-in", (await host.Stranger().Get("/help/authors")).Location, StringComparison.Ordinal);
    }

    [Fact]
    public void The_authors_guide_goes_from_the_first_plugin_to_publishing_it_and_is_the_file_of_the_SDK()
    {
        var guide = Pages.Find("authors")!;

        Assert.Equal(["1. Begin", "2. Test", "3. See it run", "4. Ask for little", "5. Publish", "Samples to copy from"], guide.Headings.Select(heading => heading.Text));
        Assert.Contains("<pre><code class=\"language-sh\">", guide.Html, StringComparison.Ordinal);
        Assert.Contains("<table class=\"table\">", guide.Html, StringComparison.Ordinal);
        Assert.All((string[])["capabilities", "manifest", "fragments", "registry"], page => Assert.Contains($"href=\"/help/{page}\"", guide.Html, StringComparison.Ordinal));
        Assert.Contains("href=\"/help/sample-hello\"", guide.Html, StringComparison.Ordinal);
    }

    [Fact]
    public void The_examples_of_the_authors_pages_hold()
    {
        var (template, problems) = FragmentTemplate.Parse(Example("fragments", "language-html"), "example.html");
        Assert.Empty(problems);
        Assert.Equal(["measure-now"], template!.Buttons.Select(button => button.Action));
        Assert.Contains("Nothing was measured yet.", template.Draw(FragmentModel.Copy(new UiModel { ["disks"] = UiValue.List([]) }), default), StringComparison.Ordinal);
        var disk = new UiModel { ["mount"] = "/srv", ["used"] = 1536L << 20, ["full"] = true };
        Assert.Matches("/srv: 1.5 GiB <span class=\"badge bg-red-lt\">full</span>", template.Draw(FragmentModel.Copy(new UiModel { ["disks"] = UiValue.List([disk]) }), default));

        using var folder = new TemporaryFolder("examples");
        var manifest = JsonNode.Parse(Example("manifest", "language-json"))!.AsObject();
        manifest["settings"] = JsonNode.Parse($"{{{Example("manifest", "language-json", 1)}}}")!["settings"]!.DeepClone();
        File.WriteAllText(folder["plugin.json"], manifest.ToJsonString());
        var read = ManifestReader.Read(folder.Path);
        Assert.Equal(("acme.disks", 3), (read.Id, read.Settings!.Fields.Count));
    }

    private static string Example(string page, string language, int at = 0) =>
        new HtmlParser().ParseDocument(Pages.Find(page)!.Html).QuerySelectorAll($"code.{language}")[at].TextContent;

    [Theory]
    [InlineData("# T\n\n<script>alert(1)</script>", "<script")]
    [InlineData("# T\n\ntext <img src=x onerror=alert(1)>", "<img")]
    public void Raw_HTML_is_shown_and_not_obeyed(string text, string tag) => Assert.DoesNotContain(tag, HelpMarkdown.Page("x", text).Html, StringComparison.Ordinal);

    [Theory]
    [InlineData("No title")]
    [InlineData("# T\n\n[nowhere](missing.md)")]
    [InlineData("# T\n\n[script](javascript:alert)")]
    public void A_page_that_does_not_hold_together_is_not_made(string text) => Assert.Throws<InvalidOperationException>(() => HelpMarkdown.Page("x", text));

    [Fact]
    public void A_heading_has_an_anchor_that_is_named_after_it()
    {
        var page = HelpMarkdown.Page("x", "# T\n\n## Of `code` and *words*\n\n## Again\n\n## Again");

        Assert.Equal(["Of code and words", "Again", "Again"], page.Headings.Select(heading => heading.Text));
        Assert.Equal(3, page.Headings.Select(heading => heading.Id).Distinct().Count());
        Assert.Contains("<a href=\"#again-1\" class=\"anchor\" aria-label=\"Link to Again\">#</a>", page.Html, StringComparison.Ordinal);
    }
}
