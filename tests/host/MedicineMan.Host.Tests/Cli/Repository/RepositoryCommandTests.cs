using System.CommandLine;
using System.Text.Json;
using MedicineMan.Host.Cli.Repository;
using MedicineMan.Plugins.LocalStorage;

namespace MedicineMan.Host.Tests.Cli.Repository;

public sealed class RepositoryCommandTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("medicineman-").FullName;

    public RepositoryCommandTests()
    {
        File.WriteAllText(At("password"), "a password\n");
        Directory.CreateDirectory(At("source/sub"));
        File.WriteAllText(At("source/first"), "first content");
        File.WriteAllText(At("source/sub/second"), "second content");
    }

    [Fact]
    public async Task A_folder_goes_in_is_listed_checked_and_comes_back()
    {
        Assert.Equal(0, (await Run("init")).Code);
        var backup = await Run("backup", At("source"), "--tag", "nightly", "--host", "db1", "--json");
        Assert.Equal(0, backup.Code);
        var id = JsonDocument.Parse(backup.Output.Trim().Split('\n')[^1]).RootElement.GetProperty("snapshot").GetString()!;

        var snapshots = await Run("snapshots", "--json");
        var listed = JsonDocument.Parse(snapshots.Output).RootElement;
        Assert.Equal(id, listed.GetProperty("id").GetString());
        Assert.Equal("nightly", listed.GetProperty("tags")[0].GetString());
        Assert.Empty((await Run("snapshots", "--tag", "weekly")).Output);

        var ls = await Run("ls", id[..8], At("source"));
        Assert.Contains("first", ls.Output, StringComparison.Ordinal);
        Assert.Contains("sub/", ls.Output, StringComparison.Ordinal);

        var check = await Run("check", "--read-data");
        Assert.Equal(0, check.Code);
        Assert.Contains("no damage", check.Output, StringComparison.Ordinal);

        Assert.Equal(0, (await Run("restore", "latest", "--target", At("restored"), "--path", At("source"))).Code);
        Assert.Equal("second content", File.ReadAllText(At("restored/source/sub/second")));
        Assert.Contains("2 were right already", (await Run("restore", "latest", "--target", At("restored"), "--path", At("source"))).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restore_brings_a_folder_to_what_the_snapshot_has_and_lists_it_first()
    {
        await Run("init");
        await Run("backup", At("source"));
        string[] restore = ["restore", "latest", "--target", At("restored"), "--path", At("source")];
        Assert.Equal(0, (await Run([.. restore, "--include", "*.none", "--iinclude", "FIRST"])).Code);
        Assert.Equal([At("restored/source/first")], Directory.GetFiles(At("restored"), "*", SearchOption.AllDirectories));
        File.WriteAllText(At("restored/source/first"), "mine");
        File.WriteAllText(At("restored/source/extra"), "mine");

        var kept = await Run(restore);
        Assert.Equal(3, kept.Code);
        Assert.Contains("left as it is", kept.Errors, StringComparison.Ordinal);
        string[] replace = [.. restore, "--overwrite", "always", "--delete"];
        var would = (await Run([.. replace, "--dry-run", "--json"])).Output.Trim().Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal("mine", File.ReadAllText(At("restored/source/first")));
        Assert.Equal(["removed", "updated"], would.SkipLast(1).Select(line => line.GetProperty("action").GetString()!).Where(action => action is not "unchanged").Order());
        Assert.Equal(1, would[^1].GetProperty("removed").GetInt32());

        Assert.Equal(0, (await Run([.. replace, "--verify"])).Code);
        Assert.Equal("first content", File.ReadAllText(At("restored/source/first")));
        Assert.False(File.Exists(At("restored/source/extra")));
        await ExpectSentence("is no rule", [.. restore, "--overwrite", "sometimes"]);
        await ExpectSentence("The repository", "restore", "latest", "--target", folder, "--delete");
    }

    [Fact]
    public async Task A_second_backup_takes_unchanged_files_from_the_first()
    {
        await Run("init");
        await Run("backup", At("source"));
        var second = await Run("backup", At("source"), "--json");
        Assert.Equal(2, JsonDocument.Parse(second.Output.Trim().Split('\n')[^1]).RootElement.GetProperty("statistics").GetProperty("filesUnchanged").GetInt32());
    }

    [SkippableFact]
    public async Task A_file_that_cannot_be_read_makes_the_backup_incomplete()
    {
        var unreadable = $"/proc/{Environment.ProcessId}/mem";
        Skip.IfNot(File.Exists(unreadable), "No /proc here.");
        await Run("init");

        var backup = await Run("backup", At("source"), unreadable);

        Assert.Equal(3, backup.Code);
        Assert.Contains("Left out", backup.Errors, StringComparison.Ordinal);
        Assert.Equal(0, (await Run("check", "--read-data")).Code);
    }

    [Fact]
    public async Task Damage_is_named_with_what_it_costs_and_fails_the_check()
    {
        await Run("init");
        await Run("backup", At("source"));
        foreach (var pack in Directory.GetFiles(At("repository/data"), "*", SearchOption.AllDirectories))
        {
            var content = File.ReadAllBytes(pack);
            content[0] ^= 1;
            File.WriteAllBytes(pack, content);
        }

        var check = await Run("check", "--read-data");

        Assert.Equal(1, check.Code);
        Assert.Contains("can't be restored", check.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_are_listed_added_and_removed()
    {
        await Run("init");
        File.WriteAllText(At("another"), "another password");
        Assert.Equal(0, (await Run("key", "add", "--new-password-file", At("another"))).Code);
        var keys = (await Run("key", "list", "--json")).Output.Trim().Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(2, keys.Count);

        var own = keys.Single(key => key.GetProperty("inUse").GetBoolean()).GetProperty("id").GetString()!;
        Assert.Equal(1, (await Run("key", "remove", own)).Code);
        var other = keys.Single(key => !key.GetProperty("inUse").GetBoolean()).GetProperty("id").GetString()!;
        Assert.Equal(0, (await Run("key", "remove", other)).Code);
        Assert.Contains("only key", (await Run("key", "remove", own)).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whatever_is_wrong_is_one_sentence_and_exit_code_1()
    {
        await ExpectSentence("is not a backup repository", "snapshots");
        await Run("init");
        await ExpectSentence("already holds a repository", "init");
        await ExpectSentence("no snapshots yet", "restore", "latest", "--target", At("restored"));
        await ExpectSentence("There is nothing to back up", "backup", At("nothing"));
        await ExpectSentence("not both", "backup");
        await ExpectSentence("not both", "backup", "--stdin", At("source"));
        await Run("backup", At("source"));
        await ExpectSentence("No snapshot of", "ls", "ffffffff");
        await ExpectSentence("There is no file /nothing", "dump", "latest", "/nothing");
        File.WriteAllText(At("password"), "wrong");
        await ExpectSentence("Check the password", "snapshots");
        File.Delete(At("password"));
        await ExpectSentence("password file can't be read", "snapshots");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string At(string name) => Path.Combine(folder, name);

    private async Task ExpectSentence(string part, params string[] arguments)
    {
        var (code, _, errors) = await Run(arguments);
        Assert.Equal(1, code);
        Assert.Contains(part, errors, StringComparison.Ordinal);
        Assert.Single(errors.Trim().Split('\n'));
    }

    private async Task<(int Code, string Output, string Errors)> Run(params string[] arguments)
    {
        var command = RepositoryCommands.Create((_, settings, cancel) => new LocalStorageProvider().OpenAsync(settings, cancel));
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var parsed = command.Parse([.. arguments, "--repo", "local:" + At("repository"), "--password-file", At("password")]);
        var code = await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = errors });
        return (code, output.ToString(), errors.ToString());
    }
}
