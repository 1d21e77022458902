namespace MedicineMan.Host.Help;

/// The documentation that ships with the product, as pages: written once in Markdown, embedded at build, turned into HTML when first asked
/// for. The authors' guide is sdk/README.md itself, so what a checkout shows and what a host shows cannot differ.
internal sealed class HelpPages
{
    private const string Root = "help/";

    private static readonly (string Group, string[] Names)[] Order =
    [
        ("Using Medicine Man", ["first-backup", "schedules", "jobs", "proofs", "restore", "restore-without", "recovery-kit", "plugins"]),
        ("Writing plugins", ["authors", "manifest", "capabilities", "fragments", "registry"]),
        ("Samples to copy from", ["sample-hello", "sample-sqlitefiles", "sample-mirroredfolders", "sample-uptime", "sample-webhook", "sample-chart", "sample-permits"]),
    ];

    private readonly Lazy<IReadOnlyList<HelpGroup>> groups = new(() => [.. Order.Select(group => new HelpGroup(group.Group, [.. group.Names.Select(name => HelpMarkdown.Page(name, Text(name)))]))]);

    public IReadOnlyList<HelpGroup> Groups => groups.Value;

    public HelpPage? Find(string name) => Groups.SelectMany(group => group.Pages).FirstOrDefault(page => page.Name == name);

    /// The name of the page made of a file that another page links to; null when there is none.
    public static string? NameOf(string file)
    {
        var parts = file.Split('/');
        var name = parts[^1] switch
        {
            "README.md" when parts.Length > 2 && parts[^3] == "samples" => $"sample-{parts[^2].ToLowerInvariant()}",
            "README.md" => "authors",
            var one => Path.GetFileNameWithoutExtension(one),
        };
        return Order.Any(group => group.Names.Contains(name)) ? name : null;
    }

    private static string Text(string name)
    {
        using var stream = typeof(HelpPages).Assembly.GetManifestResourceStream($"{Root}{name}.md") ?? throw new InvalidOperationException($"The help page {name} was not built in.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}

internal sealed record HelpGroup(string Title, IReadOnlyList<HelpPage> Pages);

/// <param name="Name">As in its address, /help/{name}.</param>
/// <param name="Html">Without the title.</param>
internal sealed record HelpPage(string Name, string Title, string Html, IReadOnlyList<HelpHeading> Headings);

/// <param name="Level">2 or 3.</param>
internal sealed record HelpHeading(int Level, string Id, string Text);
