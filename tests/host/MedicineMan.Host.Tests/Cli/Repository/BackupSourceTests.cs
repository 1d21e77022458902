using System.CommandLine;
using System.Text.Json;
using MedicineMan.Host.Cli.Repository;
using MedicineMan.Plugins.LocalStorage;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Cli.Repository;

/// <summary>What <c>repository backup</c> takes in, as it is asked for on the command line.</summary>
public sealed class BackupSourceTests : IDisposable
{
    private readonly TemporaryFolder folder = new("sources");

    public BackupSourceTests()
    {
        File.WriteAllText(folder["password"], "a password\n");
        foreach (var name in new[] { "a.log", "a.txt", "sub/keep.log", "sub/b.log", "Cache/x" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder["source/" + name])!);
            File.WriteAllText(folder["source/" + name], name);
        }
    }

    [Fact]
    public async Task Patterns_from_the_command_line_and_from_files_leave_out_what_they_match()
    {
        await Run("init");
        File.WriteAllText(folder["patterns"], "# logs\r\n*.log\r\n!keep.log\r\n$MEDICINEMAN_TEST_UNSET\r\n");
        File.WriteAllText(folder["caseless"], "cache\n");
        var backup = await Run("backup", folder["source"], "--exclude-file", folder["patterns"], "--iexclude-file", folder["caseless"], "--exclude", "a.txt", "--verbose");
        Assert.Equal(0, backup.Code);
        Assert.Contains("MEDICINEMAN_TEST_UNSET is not set", backup.Errors, StringComparison.Ordinal);
        Assert.Contains($"excluded   {folder["source/a.log"]}", backup.Output, StringComparison.Ordinal);
        Assert.Contains($"new        {folder["source/sub/keep.log"]}", backup.Output, StringComparison.Ordinal);
        Assert.Equal([folder["source"], folder["source/sub"], folder["source/sub/keep.log"]], await Stored());

        var refused = await Run("backup", folder["source"], "--exclude", "[a");
        Assert.Equal(1, refused.Code);
        Assert.Contains("\"[a\" is no pattern", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(1, (await Run("backup", folder["source"], "--exclude-file", folder["none"])).Code);
        Assert.Equal(1, (await Run("backup", folder["source"], "--exclude-larger-than", "much")).Code);
    }

    [Fact]
    public async Task Files_are_named_in_lists_by_pattern_letter_by_letter_and_by_zero_bytes()
    {
        await Run("init");
        Programs.Run("/bin/sh", ["-c", "printf x > \"$1/source/$(printf 'not-\\377-utf8')\"; printf '%s/source/not-\\377-utf8\\0' \"$1\" > \"$1/raw\"", "sh", folder.Path]);
        File.WriteAllText(folder["[odd]"], "odd");
        File.WriteAllText(folder["patterns"], $"# a comment\r\n  {folder["source/*.txt"]}\r\n\r\n{folder["nothing*"]}\r\n");
        File.WriteAllText(folder["verbatim"], folder["[odd]"] + "\n");
        var backup = await Run("backup", "--files-from", folder["patterns"], "--files-from-verbatim", folder["verbatim"], "--files-from-raw", folder["raw"], folder["source/Cache"]);
        Assert.Equal(0, backup.Code);
        Assert.Contains("nothing matches", backup.Errors, StringComparison.Ordinal);
        Assert.Equal([folder["[odd]"], folder["source"], folder["source/Cache"], folder["source/Cache/x"], folder["source/a.txt"], folder["source/not-\uDCFF-utf8"]], await Stored());

        // Found again as its parent, though JSON has no such letter.
        var again = await Run("backup", "--files-from", folder["patterns"], "--files-from-verbatim", folder["verbatim"], "--files-from-raw", folder["raw"], folder["source/Cache"], "--json");
        Assert.Equal(4, Last(again.Output).GetProperty("files_unmodified").GetInt32());

        File.WriteAllText(folder["raw"], "no end");
        Assert.Contains("zero byte", (await Run("backup", "--files-from-raw", folder["raw"])).Errors, StringComparison.Ordinal);
        File.WriteAllText(folder["verbatim"], "\n");
        Assert.Contains("name nothing", (await Run("backup", "--files-from-verbatim", folder["verbatim"])).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_source_among_others_is_named_and_the_rest_is_stored_as_incomplete()
    {
        await Run("init");
        var backup = await Run("backup", folder["source"], folder["none"], "--json");
        Assert.Equal(3, backup.Code);
        Assert.Contains(folder["none"], backup.Errors, StringComparison.Ordinal);
        Assert.False(Last(backup.Output).GetProperty("complete").GetBoolean());
        var snapshot = Last((await Run("snapshots", "--json")).Output);
        Assert.Equal(folder["source"], Assert.Single(snapshot.GetProperty("paths").EnumerateArray()).GetString());

        var nothing = await Run("backup", folder["none"], folder["neither"]);
        Assert.Equal(1, nothing.Code);
        Assert.Contains("nothing to back up", nothing.Errors, StringComparison.Ordinal);
        Assert.Single((await Run("snapshots")).Output.Trim().Split('\n'));
    }

    [Fact]
    public async Task A_dry_run_and_an_unchanged_source_write_no_snapshot_and_say_so()
    {
        await Run("init");
        var dry = await Run("backup", folder["source"], "-n");
        Assert.Equal(0, dry.Code);
        Assert.Contains("5 new", dry.Output, StringComparison.Ordinal);
        Assert.Contains("would be new", dry.Output, StringComparison.Ordinal);
        Assert.Empty((await Run("snapshots")).Output);
        Assert.Equal(["config", "keys"], Directory.GetFileSystemEntries(folder["repository"]).Where(entry => File.Exists(entry) || Directory.GetFiles(entry).Length > 0).Select(Path.GetFileName).Order());

        Assert.Equal(0, (await Run("backup", folder["source"], "--time", "2026-01-02 03:04:05", "--tag", "a,b", "--tag", "c")).Code);
        var snapshot = Last((await Run("snapshots", "--json")).Output);
        Assert.Equal(new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Local), snapshot.GetProperty("time").GetDateTimeOffset().LocalDateTime);
        Assert.Equal(["a", "b", "c"], snapshot.GetProperty("tags").EnumerateArray().Select(tag => tag.GetString()!));

        File.AppendAllText(folder["source/a.txt"], "more");
        var changed = Last((await Run("backup", folder["source"], "--dry-run", "--json")).Output);
        Assert.Equal((1, 4), (changed.GetProperty("files_changed").GetInt32(), changed.GetProperty("files_unmodified").GetInt32()));
        Assert.Equal(JsonValueKind.Null, changed.GetProperty("snapshot").ValueKind);
        var forced = Last((await Run("backup", folder["source"], "--force", "--json")).Output);
        Assert.Equal(5, forced.GetProperty("files_new").GetInt32());
        Assert.Equal(1, (await Run("backup", folder["source"], "--parent", "ffffffff")).Code);

        // The temporary folder's own times change when others work in it; they count, as in restic.
        var same = await Run("backup", folder["source"], "--skip-if-unchanged");
        Assert.True(same.Output.Contains("Nothing changed since", StringComparison.Ordinal) || (await Run("snapshots")).Output.Trim().Split('\n').Length == 3, same.Output);
    }

    [SkippableFact]
    public async Task A_folder_that_may_not_be_read_is_named_and_the_rest_is_stored()
    {
        // Root may read everything and has to become somebody else.
        var program = Path.Combine(AppContext.BaseDirectory, "medicineman");
        string[] words = Programs.IsRoot ? [Programs.Require("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups", program] : [program];
        await Run("init");
        Directory.CreateDirectory(folder["source/closed"], UnixFileMode.UserRead);
        File.WriteAllText(folder["source/shut"], "x");
        File.SetUnixFileMode(folder["source/shut"], UnixFileMode.UserRead);
        Programs.Run("/bin/sh", ["-c", "chmod -R a+rwX \"$1\"; chmod $2 \"$1/source/closed\" \"$1/source/shut\"", "sh", folder.Path, Programs.IsRoot ? "700" : "0"]);
        var (code, _, errors) = Programs.TryRun(
            words[0], [.. words[1..], "repository", "backup", folder["source"], "--repo", folder["repository"], "--password-file", folder["password"]],
            environment: new Dictionary<string, string> { ["HOME"] = folder.Path });
        Assert.True(code == 3, errors);
        Assert.Contains($"Left out: {folder["source/closed"]}: Permission denied", errors, StringComparison.Ordinal);
        Assert.Contains($"Left out: {folder["source/shut"]}: Permission denied", errors, StringComparison.Ordinal);
        var stored = await Stored();
        Assert.Contains(folder["source/sub/keep.log"], stored);
        Assert.DoesNotContain(folder["source/closed"], stored);
    }

    public void Dispose()
    {
        // .NET can't remove names that are not UTF-8.
        Programs.Run("/bin/sh", ["-c", "chmod -R u+rwX \"$1\"; rm -rf \"$1\"", "sh", folder.Path]);
        folder.Dispose();
    }

    private static JsonElement Last(string lines) => JsonDocument.Parse(lines.Trim().Split('\n')[^1]).RootElement;

    // What the last snapshot holds below the test's folder.
    private async Task<string[]> Stored()
    {
        var id = Last((await Run("snapshots", "--json")).Output).GetProperty("id").GetString();
        var found = (await Run("find", folder["*"], "--json")).Output.Trim().Split('\n').Select(line => JsonDocument.Parse(line).RootElement);
        return [.. found.Where(hit => hit.GetProperty("snapshot").GetString() == id).Select(hit => Path(hit.GetProperty("path").GetString()!)).Order(StringComparer.Ordinal)];

        string Path(string path) => path.Replace("\uFFFD", "\uDCFF", StringComparison.Ordinal);
    }

    private async Task<(int Code, string Output, string Errors)> Run(params string[] arguments)
    {
        var command = RepositoryCommands.Create((_, settings, cancel) => new LocalStorageProvider().OpenAsync(settings, cancel));
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var parsed = command.Parse([.. arguments, "--repo", "local:" + folder["repository"], "--password-file", folder["password"]]);
        var code = await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = errors });
        return (code, output.ToString(), errors.ToString());
    }
}
