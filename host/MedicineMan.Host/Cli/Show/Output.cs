using System.Globalization;
using System.Text.Json;
using MedicineMan.Host.Api.Contract;
using Spectre.Console;

namespace MedicineMan.Host.Cli.Show;

/// What a command prints: tables and facts for people, JSON for programs, always on standard output. Progress and remarks go to standard error.
internal sealed class Output(bool json)
{
    private static readonly JsonSerializerOptions Readable = new(ApiJson.Options) { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly IAnsiConsole console = Console(System.Console.Out, System.Console.IsOutputRedirected);

    public IAnsiConsole Remarks { get; } = Console(System.Console.Error, System.Console.IsErrorRedirected);

    public bool IsJson => json;

    public bool ShowsProgress { get; } = !System.Console.IsErrorRedirected;

    public async Task<int> List<T>(IAsyncEnumerable<T> items, string empty, params (string Head, Func<T, string?> Cell)[] columns)
    {
        var all = await items.ToListAsync();
        if (json)
        {
            return Json(all);
        }

        if (all.Count == 0)
        {
            Remark(empty);
            return 0;
        }

        var table = new Table().Border(TableBorder.None);
        foreach (var (head, _) in columns)
        {
            table.AddColumn(new TableColumn(new Text(head, new Style(decoration: Decoration.Bold))).NoWrap().PadRight(2));
        }

        foreach (var item in all)
        {
            table.AddRow(columns.Select(column => new Text(Plain(column.Cell(item)))));
        }

        console.Write(table);
        return 0;
    }

    /// One thing: as JSON, or by the lines that matter.
    public int One<T>(T thing, params (string Name, string? Value)[] lines)
    {
        if (json)
        {
            return Json(thing);
        }

        var width = lines.Max(line => line.Name.Length);
        foreach (var (name, value) in lines.Where(line => !string.IsNullOrEmpty(line.Value)))
        {
            console.WriteLine($"{name.PadRight(width)}  {Plain(value)}");
        }

        return 0;
    }

    public static int Json<T>(T thing)
    {
        System.Console.Out.WriteLine(JsonSerializer.Serialize(thing, Readable));
        return 0;
    }

    public void Line(string text) => console.WriteLine(Plain(text));

    public void Remark(string text) => Remarks.WriteLine(Plain(text));

    /// To the second.
    public static string? Exactly(DateTimeOffset? at) => at?.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.CurrentCulture);

    public static string? Time(DateTimeOffset? at) => at?.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.CurrentCulture);

    public static string Bytes(long bytes) => Shell.Size.Text(bytes);

    /// What came from a server could command the terminal.
    private static string Plain(string? text) => text is null ? "" : string.Concat(text.Select(letter => char.IsControl(letter) && letter != '\n' ? ' ' : letter));

    private static IAnsiConsole Console(TextWriter writer, bool redirected)
    {
        var made = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        if (redirected)
        {
            // No terminal, no width: a line that a program reads is never broken.
            made.Profile.Width = 10_000;
        }

        return made;
    }
}
