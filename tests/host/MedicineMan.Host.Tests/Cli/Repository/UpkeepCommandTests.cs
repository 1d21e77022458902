using System.CommandLine;
using System.Text.Json;
using MedicineMan.Host.Cli.Repository;
using MedicineMan.Plugins.LocalStorage;

namespace MedicineMan.Host.Tests.Cli.Repository;

public sealed class UpkeepCommandTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("medicineman-").FullName;

    public UpkeepCommandTests()
    {
        File.WriteAllText(At("password"), "a password\n");
        Directory.CreateDirectory(At("source"));
        File.WriteAllText(At("source/first"), "first content");
    }

    [Fact]
    public async Task Snapshots_are_forgotten_and_pruned_after_a_dry_run_said_so()
    {
        await Run("init");
        var ids = new List<string>();
        foreach (var content in new[] { "one", "two", "three" })
        {
            File.WriteAllText(At("source/second"), content);
            ids.Add((await Json("backup", At("source"), "--host", "db1")).GetProperty("snapshot").GetString()!);
        }

        var said = await Json("forget", "--keep-last", "1", "--dry-run");
        Assert.Equal((1, 2), (said.GetProperty("keep").GetArrayLength(), said.GetProperty("remove").GetArrayLength()));
        Assert.Equal("last snapshot", said.GetProperty("keep")[0].GetProperty("reasons")[0].GetString());
        var (code, output, _) = await Run("forget", "--keep-last", "1", "--prune", "--max-unused", "0");
        Assert.Equal(0, code);
        Assert.Contains("Freed", output, StringComparison.Ordinal);
        Assert.Equal(ids[2], (await Json("snapshots")).GetProperty("id").GetString());
        Assert.Equal(0, (await Json("prune", "--dry-run")).GetProperty("report").GetProperty("unused").GetProperty("blobs").GetInt32());
        Assert.Equal(0, (await Run("check", "--read-data")).Code);
    }

    [Fact]
    public async Task What_makes_no_sense_is_refused_with_a_sentence()
    {
        await Run("init");
        await Run("backup", At("source"));
        await ExpectSentence("Nothing says what to remove", "forget");
        await ExpectSentence("no span of time", "forget", "--keep-within", "7");
        await ExpectSentence("can't be grouped", "forget", "--keep-last", "1", "--group-by", "colour");
        await ExpectSentence("is kept: it is the newest", "forget", "latest");
        await ExpectSentence("is no share", "prune", "--max-unused", "120%");
        await ExpectSentence("is no part", "check", "--read-data-subset", "5/3");
        await ExpectSentence("Nothing is counted by", "stats", "--mode", "colour");
        Assert.Equal(0, (await Run("forget", "latest", "--without-guards")).Code);
        Assert.Empty((await Run("snapshots")).Output);
    }

    [Fact]
    public async Task Damage_is_named_counted_and_repaired()
    {
        await Run("init");
        await Run("backup", At("source"));
        Directory.Delete(At("repository/index"), recursive: true);
        var (code, output, _) = await Run("check", "--json");
        Assert.Equal(1, code);
        Assert.True(JsonDocument.Parse(output).RootElement.GetProperty("counts").GetProperty("missingIndexEntry").GetInt32() > 0);
        var added = (await Json("repair", "index", "--dry-run")).GetProperty("added").GetArrayLength();
        Assert.Equal(added, (await Json("repair", "index")).GetProperty("added").GetArrayLength());
        Assert.Equal(0, (await Run("check", "--read-data-subset", "1/1")).Code);
        Assert.Equal(0, (await Json("repair", "packs")).GetProperty("salvaged").GetArrayLength());
        Assert.Equal(0, (await Json("repair", "snapshots", "--forget")).GetProperty("repaired").GetArrayLength());
        Assert.Equal(0, (await Json("unlock", "--dry-run")).GetProperty("removed").GetInt32());
        Assert.Equal(0, (await Json("unlock")).GetProperty("removed").GetInt32());
        Assert.False((await Json("migrate")).GetProperty("upgraded").GetBoolean());
    }

    [Fact]
    public async Task Snapshots_are_compared_searched_counted_and_copied_and_the_password_is_changed()
    {
        await Run("init");
        await Run("backup", At("source"), "--host", "db1");
        File.WriteAllText(At("source/second"), "second content");
        await Run("backup", At("source"), "--host", "db1");
        var first = JsonDocument.Parse((await Run("snapshots", "--json")).Output.Split('\n')[0]).RootElement.GetProperty("id").GetString()!;

        Assert.Contains($"+  {At("source/second")}", (await Run("diff", first[..8], "latest")).Output, StringComparison.Ordinal);
        Assert.Equal(At("source/second"), (await Json("find", "sec*")).GetProperty("path").GetString());
        Assert.Equal(2, (await Json("stats", "--mode", "files-by-contents")).GetProperty("sizes").GetProperty("files").GetInt32());

        File.WriteAllText(At("other-password"), "another");
        string[] other = ["--repo", At("copy"), "--password-file", At("other-password")];
        Assert.Equal(0, (await RunPlain(["init", .. other])).Code);
        var copied = await RunPlain(["copy", first, "--from-repo", At("repository"), "--from-password-file", At("password"), .. other]);
        Assert.Contains("Copied 1 snapshots", copied.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await RunPlain(["check", "--read-data", .. other])).Code);

        Assert.Equal(0, (await Run("snapshots", "--cache-dir", At("cache"))).Code);
        Assert.Single((await RunPlain(["cache", "--cache-dir", At("cache")])).Output.Trim().Split('\n'));
        Assert.Contains("removed", (await RunPlain(["cache", "--cleanup", "--max-age", "0", "--cache-dir", At("cache")])).Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(At("cache")));
        await ExpectPlain("No repository", "snapshots");

        File.WriteAllText(At("new"), "a new one");
        Assert.Equal(0, (await Run("key", "passwd", "--new-password-file", At("new"))).Code);
        Assert.Equal(1, (await Run("snapshots")).Code);
        File.Copy(At("new"), At("password"), overwrite: true);
        Assert.Equal(0, (await Run("snapshots")).Code);
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

    private static async Task ExpectPlain(string part, params string[] arguments)
    {
        var (code, _, errors) = await RunPlain(arguments);
        Assert.Equal(1, code);
        Assert.Contains(part, errors, StringComparison.Ordinal);
    }

    private async Task<JsonElement> Json(params string[] arguments)
    {
        var (code, output, errors) = await Run([.. arguments, "--json"]);
        Assert.True(code == 0, errors);
        // Status lines may stand before the answer.
        return JsonDocument.Parse(output.TrimEnd().Split('\n')[^1]).RootElement;
    }

    private Task<(int Code, string Output, string Errors)> Run(params string[] arguments) =>
        RunPlain([.. arguments, "--repo", "local:" + At("repository"), "--password-file", At("password")]);

    private static async Task<(int Code, string Output, string Errors)> RunPlain(string[] arguments)
    {
        var command = RepositoryCommands.Create((_, settings, cancel) => new LocalStorageProvider().OpenAsync(settings, cancel));
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = await command.Parse(arguments).InvokeAsync(new InvocationConfiguration { Output = output, Error = errors });
        return (code, output.ToString(), errors.ToString());
    }
}
