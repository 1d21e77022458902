using MedicineMan.Host.Plugins.Fragments;
using MedicineMan.Sdk.Ui;

namespace MedicineMan.Host.Tests.Plugins;

/// Templates of strangers with data of strangers.
public sealed class FragmentTests
{
    public static TheoryData<string> Attacks =>
    [
        "<script>alert(1)</script>",
        "\"><script>alert(1)</script>",
        "' onmouseover='alert(1)",
        "\" onfocus=alert(1) autofocus x=\"",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "\u0001javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "//evil.example/x",
        "/\\evil.example/x",
        "https://evil.example/\"onclick=\"alert(1)",
        "</div></body><iframe src=//evil.example>",
        "{{ 7 * 7 }}",
        "<a href=\"javascript&colon;alert(1)\">x</a>",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    ];

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task Hostile_data_stays_text(string attack)
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Troublesome]);

        var fragment = Assert.Single(await host.Of<Fragments>().Render("server.tab", attack, "en", CancellationToken.None));

        Assert.False(fragment.Faulted, fragment.Message);
        var page = new AngleSharp.Html.Parser.HtmlParser().ParseDocument("<body>" + fragment.Html);
        Assert.Equal(["a", "div", "li", "p", "span", "ul"], page.Body!.QuerySelectorAll("*").Select(element => element.LocalName).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(attack, page.QuerySelector("p")!.TextContent);
        Assert.Equal(attack, page.QuerySelector("li")!.GetAttribute("title"));
        Assert.Equal(attack.ToUpperInvariant(), page.QuerySelector("li")!.TextContent);
        Assert.All(page.Body!.QuerySelectorAll("*").SelectMany(element => element.Attributes), attribute => Assert.Contains(attribute.Name, (string[])["class", "title", "href"]));
        Assert.Equal(attack.StartsWith("https://", StringComparison.Ordinal) ? attack : "#", page.QuerySelector("a")!.GetAttribute("href"));
    }

    [Fact]
    public async Task A_class_from_data_cannot_lift_a_fragment_over_the_page()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Troublesome]);

        var fragment = Assert.Single(await host.Of<Fragments>().Render("server.tab", "text-red position-fixed vh-100 js-delete", "en", CancellationToken.None));

        Assert.Contains("class=\"card-body text-red\"", fragment.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_endless_template_is_cut_and_becomes_a_sentence()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Troublesome]);

        var fragment = Assert.Single(await host.Of<Fragments>().Render("server.summary", null, "en", CancellationToken.None));

        Assert.True(fragment.Faulted);
        Assert.Empty(fragment.Html);
        Assert.Matches(@"^Troublesome could not draw this: [\w-]+\.html, line \d+: [^:]+\.$", fragment.Message);
        Assert.Equal("fragment endless", host.Catalogue.Find("tests.troublesome")!.LatestFaults[0].Where);
    }

    [Fact]
    public async Task A_fragment_whose_data_fails_becomes_a_sentence()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Troublesome]);

        var fragment = Assert.Single(await host.Of<Fragments>().Render("backup.detail", null, "en", CancellationToken.None));

        Assert.True(fragment.Faulted);
        Assert.Contains("no data today", fragment.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fragment_whose_data_never_comes_is_cut_at_the_limit()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Troublesome], options => options.FragmentTimeLimit = TimeSpan.FromMilliseconds(300));

        var fragment = Assert.Single(await host.Of<Fragments>().Render("nav.page", null, "en", CancellationToken.None));

        Assert.True(fragment.Faulted);
        Assert.Contains("It took longer than 300 ms", fragment.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ while true }}x{{ end }}")]
    [InlineData("{{ for i in 1..100000000 }}x{{ end }}")]
    [InlineData("{{ for i in 1..900 }}{{ for j in 1..900 }}x{{ end }}{{ end }}")]
    [InlineData("{{ func f; f; end; f }}")]
    [InlineData("{{ s = 'xxxxxxxxxxxxxxxx'; for i in 1..60; s = s + s; end; s }}")]
    [InlineData("{{ 'a' * 100000000 }}")]
    [InlineData("{{ x = 1 << 1000000000 }}{{ x }}")]
    [InlineData("{{ missing }}")]
    [InlineData("{{ object.eval '1' }}")]
    [InlineData("{{ 'a' | string.pad_left 100000000 }}")]
    [InlineData("{{ s = 'xxxxxxxxxxxxxxxx'; for i in 1..60; s = s | string.append s; end; s }}")]
    [InlineData("{{ x = 3; for i in 1..60; x = x * x; end; x }}")]
    [InlineData("{{ x = 3; for i in 1..60; x = math.times x x; end; x }}")]
    [InlineData("{{ (1..1000000000) | array.sort | array.size }}")]
    [InlineData("{{ (1..1000000000) | array.reverse | array.size }}")]
    [InlineData("{{ (1..1000000000) | array.join ',' }}")]
    [InlineData("{{ (1..1000000000) | array.last }}")]
    [InlineData("{{ (1..1000000000) | array.uniq | array.size }}")]
    [InlineData("{{ (1..1000000000) | array.map 'x' | array.size }}")]
    [InlineData("{{ (1..1000000000) | array.compact | array.size }}")]
    [InlineData("{{ (1..1000000000) | array.contains 0 }}")]
    [InlineData("{{ (1..1000000000) | array.limit 900000000 | array.size }}")]
    [InlineData("{{ (1..1000000000) | array.offset 900000000 | array.first }}")]
    [InlineData("{{ a = [1,2,3,4]; for i in 1..40; a = a + a; end; a | array.size }}")]
    [InlineData("{{ a = [1]; for i in 1..60; a = [a, a]; end; a }}")]
    [InlineData("{{ a = [1]; a[100000000] = 1; a | array.size }}")]
    [InlineData("{{ for i in 1..30000; for j in 1..30000; x = i * j; end; end }}")]
    [InlineData("{{ 'a' | regex.match '(a+)+$' }}")]
    [InlineData("{{ string.size = 1 }}")]
    [InlineData("{{ name = 'x'; name.length }}")]
    public void A_template_that_runs_wild_or_reaches_out_stops_at_once(string text)
    {
        var (template, problems) = FragmentTemplate.Parse(text, "wild.html");
        Assert.Empty(problems);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.ThrowsAny<Exception>(() => template!.Draw(FragmentModel.Copy([]), deadline.Token));

        Assert.False(deadline.IsCancellationRequested);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000_000);
    }

    [Theory]
    [InlineData("<script>alert(1)</script>", "<script>")]
    [InlineData("<SCRIPT SRC=x></SCRIPT>", "<script>")]
    [InlineData("<style>p{}</style>", "<style>")]
    [InlineData("<iframe src='/x'></iframe>", "<iframe>")]
    [InlineData("<form action='/x'><input></form>", "<form>")]
    [InlineData("<base href='https://evil.example/'>", "<base>")]
    [InlineData("<meta http-equiv='refresh' content='0'>", "<meta>")]
    [InlineData("<svg onload='alert(1)'></svg>", "<svg>")]
    [InlineData("<img src='https://evil.example/x.png'>", "<img>")]
    [InlineData("<p onclick='alert(1)'>x</p>", "onclick")]
    [InlineData("<p style='color:red'>x</p>", "style")]
    [InlineData("<p id='csrf'>x</p>", "id=")]
    [InlineData("<p hx-get='/x'>x</p>", "hx-get")]
    [InlineData("<p data-hx-get='/x'>x</p>", "data-hx-get")]
    [InlineData("<p data-bs-toggle='modal'>x</p>", "data-bs-toggle")]
    [InlineData("<a href='javascript:alert(1)'>x</a>", "javascript:")]
    [InlineData("<a href='http://plain.example/'>x</a>", "http://plain.example/")]
    [InlineData("<p class='position-fixed top-0'>x</p>", "position-fixed")]
    [InlineData("<a href='{{ x }}'>x</a>", "ui.url")]
    [InlineData("<a href='/go?to={{ x | ui.url }}'>x</a>", "ui.url")]
    [InlineData("<a href='{{ if x }}/a{{ end }}'>x</a>", "ui.url")]
    [InlineData("<p class={{ x }}>x</p>", "inside a tag")]
    [InlineData("<p {{ x }}>x</p>", "inside a tag")]
    [InlineData("<{{ x }}>x", "")]
    [InlineData("<p onclick='{{ x }}'>x</p>", "in onclick")]
    [InlineData("{%{ <script>alert(1)</script> }%}", "not evaluated")]
    [InlineData("{{ capture x }}<b>{{ end }}{{ x }}", "capture")]
    [InlineData("{{ include 'other' }}", "include")]
    [InlineData("{{ if }}", "")]
    [InlineData("{{ \"}}\" }}<script>{{ '{{' }}</script>", "<script>")]
    public void A_template_that_could_act_is_refused_before_it_is_drawn(string text, string sentence)
    {
        var (template, problems) = FragmentTemplate.Parse(text, "acting.html");

        Assert.Null(template);
        Assert.Contains(problems, problem => problem.Contains(sentence, StringComparison.Ordinal));
    }

    [Fact]
    public void Values_are_drawn_as_a_person_reads_them()
    {
        var (template, problems) = FragmentTemplate.Parse(
            "<table><tr>{{ for row in rows }}<td>{{ row.name }}</td><td>{{ row.size | ui.bytes }}</td><td>{{ row.at | ui.time }}</td>{{ end }}</tr></table>{{ if on }}<b>on</b>{{ end }}", "rows.html");
        Assert.Empty(problems);

        var html = template!.Draw(FragmentModel.Copy(new UiModel
        {
            ["on"] = true,
            ["rows"] = UiValue.List([new UiModel { ["name"] = "a & b", ["size"] = 1536L, ["at"] = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(1)) }]),
        }), CancellationToken.None);

        Assert.Equal("<table><tbody><tr><td>a &amp; b</td><td>1.5 KiB</td><td><time datetime=\"2026-01-02T02:04:05Z\">2026-01-02 02:04 UTC</time></td></tr></tbody></table><b>on</b>", html);
    }
}
