using MedicineMan.Sdk;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Commands;
using MedicineMan.Sdk.Testing;

namespace Acme.Sample.Tests;

/// Against scripted commands. With a real data store, derive a class from BackupProviderContract as well.
public sealed class FileBackupTests
{
    private readonly FileBackup provider = new();

    [Fact]
    public async Task The_files_of_the_folder_are_found()
    {
        var found = await provider.DiscoverAsync(Server(new ScriptedAnswer("sh", "a.txt\0with space\0")), default);
        Assert.Equal(["a.txt", "with space"], found.Select(item => item.Name));
    }

    [Fact]
    public async Task What_was_dumped_compares_with_itself_and_with_nothing_else()
    {
        var dump = new MemoryDump();
        await provider.DumpAsync(Server(new ScriptedAnswer("sh", "content")), ["a.txt"], dump, default);
        Assert.True((await provider.CompareAsync(Server(new ScriptedAnswer("sh", "content")), "medicineman_proof", "a.txt", dump, default)).Proven);
        Assert.False((await provider.CompareAsync(Server(new ScriptedAnswer("sh", "other")), "medicineman_proof", "a.txt", dump, default)).Proven);
    }

    [Fact]
    public async Task A_file_that_breaks_off_is_not_stored()
    {
        var dump = new MemoryDump();
        var server = Server(new ScriptedAnswer("sh", "half") { ExitCode = 1, ErrorText = "Input/output error" });
        await Assert.ThrowsAsync<UserFacingException>(() => provider.DumpAsync(server, ["a.txt"], dump, default));
        Assert.Empty(dump.Paths);
    }

    [Fact]
    public async Task A_name_that_is_taken_is_left_alone()
    {
        var dump = new MemoryDump();
        dump.Put(["a.txt"], [1, 2, 3]);
        var server = Server(new ScriptedAnswer("sh", "") { ExitCode = 17, ReadsInput = true });
        var failure = await Assert.ThrowsAsync<UserFacingException>(() => provider.RestoreAsync(server, new RestoreOptions("a.txt", "a.txt"), dump, default));
        Assert.Contains("the name is taken", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("..")]
    public async Task No_name_leads_out_of_the_folder(string name) =>
        await Assert.ThrowsAsync<UserFacingException>(() => provider.DumpAsync(Server(), [name], new MemoryDump(), default));

    private static BackupSource Server(params ScriptedAnswer[] answers) => new(new ScriptedRunner(answers)) { Host = "/srv/files" };
}
