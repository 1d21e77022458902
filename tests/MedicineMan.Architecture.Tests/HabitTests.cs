using System.Text.RegularExpressions;

namespace MedicineMan.Architecture.Tests;

/// The habits of CONTRIBUTING.md that a machine can see.
public sealed class HabitTests
{
    private static readonly string[] BannedSuffixes = ["Manager", "Helper", "Helpers", "Util", "Utils", "Utilities", "Service", "Base", "Common", "Impl", "Processor", "Data", "Info"];

    [Fact]
    public void No_file_is_longer_than_300_lines_and_no_test_longer_than_500()
    {
        Assert.Empty(Production().Where(file => file.Lines > 300).Select(file => $"{file.Path} {file.Lines}"));
        Assert.Empty(House.Files("tests").Where(file => file.Lines > 500).Select(file => $"{file.Path} {file.Lines}"));
    }

    [Fact]
    public void No_folder_holds_more_than_fourteen_files() =>
        Assert.Empty(Production().GroupBy(file => file.Folder).Where(folder => folder.Count() > 14).Select(folder => $"{folder.Key} {folder.Count()}"));

    [Fact]
    public void Names_are_nouns_an_operator_knows()
    {
        var declares = new Regex(@"\b(?:class|record|struct|interface)\s+(\w+)");
        var named = Production().SelectMany(file => declares.Matches(file.Text).Select(match => (file.Path, Name: match.Groups[1].Value)));
        Assert.Empty(named.Where(n => BannedSuffixes.Any(suffix => n.Name.EndsWith(suffix, StringComparison.Ordinal)) && n.Name is not ("PluginInfo" or "FoundService")).Select(n => $"{n.Path} {n.Name}"));
    }

    [Theory]
    [InlineData(@"\bDateTime(Offset)?\.(Utc)?Now\b", "ask TimeProvider")]
    [InlineData(@"\bThread\.Sleep\(", "await Task.Delay")]
    [InlineData(@"\.GetAwaiter\(\)\.GetResult\(\)|\.Wait\(\)", "await it")]
    [InlineData(@"\bnew HttpClient\(", "take it from the factory")]
    [InlineData(@"\bNotImplementedException\b|\bTODO\b|\bFIXME\b|\bHACK\b", "finish it")]
    [InlineData(@"^\s*#region", "split the file")]
    [InlineData(@"flushToDisk: true", "ask DurableFiles.Flush, which hears a no")]
    [InlineData(@"catch\s*(\(Exception\))?\s*\{\s*\}", "say why it may be swallowed")]
    public void Some_things_are_not_done(string pattern, string instead)
    {
        var found = new Regex(pattern, RegexOptions.Multiline);
        var uses = Production().Where(file => found.IsMatch(file.Text)).Select(file => file.Path).ToList();
        Assert.True(uses.Count == 0, $"{instead}: {string.Join(", ", uses)}");
    }

    [Fact]
    public void Processes_are_started_in_one_place() =>
        Assert.Single(Production().Where(file => file.Text.Contains("Process.Start(", StringComparison.Ordinal) || file.Text.Contains("new Process ", StringComparison.Ordinal) || file.Text.Contains("new Process(", StringComparison.Ordinal)));

    [Fact]
    public void A_namespace_equals_its_path()
    {
        var says = new Regex(@"^namespace ([\w.]+);", RegexOptions.Multiline);
        foreach (var file in House.Files("host").Concat(House.Files("sdk")).Where(file => says.IsMatch(file.Text)))
        {
            var expected = string.Join('.', file.Folder.Split('/').Skip(1));
            Assert.True(says.Match(file.Text).Groups[1].Value == expected, $"{file.Path} should say namespace {expected}");
        }
    }

    [Fact]
    public void No_page_model_is_longer_than_80_lines() =>
        Assert.Empty(House.Files("host", "*.cshtml.cs").Where(file => file.Lines > 80).Select(file => $"{file.Path} {file.Lines}"));

    [Fact]
    public void Pages_have_no_inline_script_or_style()
    {
        var inline = new Regex(@"<script(?![^>]*\bsrc=)|<style\b|\sstyle=""|\son\w+=""", RegexOptions.IgnoreCase);
        Assert.Empty(House.Files("host", "*.cshtml").Where(file => inline.IsMatch(file.Text)).Select(file => file.Path));
    }

    [Fact]
    public void Every_statement_on_a_table_of_an_organisation_filters_by_it()
    {
        var statement = new Regex(@"const string (\w*Sql)\s*=\s*(?:\$?""""""(?<t>.*?)""""""|\$?""(?<t>[^""]*)"")", RegexOptions.Singleline);
        // The migrator's own table, the one question asked before any organisation is anybody's: is there an owner at all? And the clock's, which is everybody's.
        var exempt = new[] { "TableSql", "AppliedSql", "RecordSql", "LockSql", "AnySql", "NeededSql", "DueOfAllSql" };
        // A piece that several statements share may hold the condition.
        var shared = new Regex(@"\{(\w+)\}");
        static string Piece(SourceFile file, string name) => Regex.Match(file.Text, $@"const string {name}\s*=\s*\$?""+(.*?)""+;", RegexOptions.Singleline).Groups[1].Value;
        var missing = House.Files("host/MedicineMan.Host").SelectMany(file => statement.Matches(file.Text).Select(match => (
                file.Path, Name: match.Groups[1].Value, Sql: shared.Replace(match.Groups["t"].Value, piece => Piece(file, piece.Groups[1].Value)))))
            .Where(s => Regex.IsMatch(s.Sql, @"^\s*(select|update|delete|insert)\b") && !s.Sql.Contains("organization", StringComparison.Ordinal) && !exempt.Contains(s.Name))
            .Select(s => $"{s.Path} {s.Name}");
        Assert.Empty(missing);
    }

    private static IEnumerable<SourceFile> Production() => House.Files("host").Concat(House.Files("sdk")).Concat(House.Files("plugins")).Concat(House.Files("samples"));
}
