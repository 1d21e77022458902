using MedicineMan.Sdk.Backups;
using Xunit;

namespace MedicineMan.Sdk.Testing;

/// <summary>What every backup provider must do, against the real data store. Derive, implement the abstract members, and it runs.</summary>
public abstract class BackupProviderContract
{
    /// <summary>The provider under test.</summary>
    protected abstract IBackupProvider Provider { get; }

    /// <summary>Connects to the data store as a user who may do everything. Skips the test where the store is not installed.</summary>
    protected abstract Task<BackupSource> SourceAsync();

    /// <summary>Creates an item of this name with at least two objects that hold rows.</summary>
    protected abstract Task CreateAsync(string name);

    /// <summary>Changes one value in one row of one object.</summary>
    protected abstract Task ChangeOneRowAsync(string name);

    /// <summary>Names that the data store allows and that tend to break quoting.</summary>
    protected virtual IReadOnlyList<string> OddNames => ["with space", "quote'and\"both", "semi;colon", "Füße 数据 🐘", "dollar$HOME`id`", "back\\slash", "new\nline", "-dash", "a=b", "sl/ash"];

    /// <summary>Dumped, restored and compared, an item is proven, and its objects are listed with rows.</summary>
    [SkippableFact]
    public async Task What_was_dumped_is_restored_and_proven()
    {
        var source = await SourceAsync();
        await CreateAsync("contract round trip");
        var dump = new MemoryDump();
        var report = await Provider.DumpAsync(source, ["contract round trip"], dump, default);
        Assert.True(Assert.Single(report.Items).Objects.Count(o => o.Rows > 0) >= 2);

        await Provider.RestoreAsync(source, Scratch("contract round trip"), dump, default);
        var proof = await Provider.CompareAsync(source, "medicineman_proof_contract", "contract round trip", dump, default);
        Assert.Empty(proof.Differences);
        Assert.Equal(report.Items[0].Objects.Sum(o => o.Rows), proof.Compared["rows"]);

        await ChangeOneRowAsync("medicineman_proof_contract");
        Assert.False((await Provider.CompareAsync(source, "medicineman_proof_contract", "contract round trip", dump, default)).Proven);
        await Provider.DropScratchAsync(source, "medicineman_proof_contract", default);
        await Provider.DropScratchAsync(source, "medicineman_proof_contract", default);
        Assert.DoesNotContain(await Provider.DiscoverAsync(source, default), i => i.Name.StartsWith("medicineman_proof", StringComparison.Ordinal));
    }

    /// <summary>Two dumps of unchanged content have the same checksums.</summary>
    [SkippableFact]
    public async Task Checksums_follow_from_content_alone()
    {
        var source = await SourceAsync();
        await CreateAsync("contract twice");
        var first = await Provider.DumpAsync(source, ["contract twice"], new MemoryDump(), default);
        var second = await Provider.DumpAsync(source, ["contract twice"], new MemoryDump(), default);
        Assert.Equal(first.Items[0].Objects, second.Items[0].Objects);
    }

    /// <summary>An item that is not there fails the dump with a sentence.</summary>
    [SkippableFact]
    public async Task A_dump_of_what_is_not_there_fails_with_a_sentence() =>
        Assert.NotEmpty((await Assert.ThrowsAnyAsync<UserFacingException>(async () =>
            await Provider.DumpAsync(await SourceAsync(), ["contract nowhere"], new MemoryDump(), default))).Message);

    /// <summary>A dump that the host refuses to store fails.</summary>
    [SkippableFact]
    public async Task A_dump_that_can_not_be_stored_fails_with_the_reason()
    {
        var source = await SourceAsync();
        await CreateAsync("contract full");
        var full = new MemoryDump { OnWriting = (_, _) => throw new IOException("disk full") };
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => Provider.DumpAsync(source, ["contract full"], full, default));
        Assert.Contains("disk full", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>Cancelling ends a dump soon and leaves nothing locked.</summary>
    [SkippableFact]
    public async Task A_cancelled_dump_ends()
    {
        var source = await SourceAsync();
        await CreateAsync("contract cancel");
        using var cancel = new CancellationTokenSource();
        var dump = new MemoryDump { OnWriting = (_, _) => cancel.CancelAsync() };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Provider.DumpAsync(source, ["contract cancel"], dump, cancel.Token).WaitAsync(TimeSpan.FromSeconds(30)));
        await ChangeOneRowAsync("contract cancel").WaitAsync(TimeSpan.FromSeconds(30));
    }

    /// <summary>Existing data is not touched without a confirmation.</summary>
    [SkippableFact]
    public async Task An_existing_target_is_left_alone_without_a_confirmation()
    {
        var source = await SourceAsync();
        await CreateAsync("contract existing");
        var dump = new MemoryDump();
        await Provider.DumpAsync(source, ["contract existing"], dump, default);
        await ChangeOneRowAsync("contract existing");
        await Assert.ThrowsAnyAsync<UserFacingException>(() =>
            Provider.RestoreAsync(source, new RestoreOptions("contract existing", "contract existing"), dump, default));
        Assert.False((await Provider.CompareAsync(source, "contract existing", "contract existing", dump, default)).Proven);

        await Provider.RestoreAsync(source, new RestoreOptions("contract existing", "contract existing") { Replace = true }, dump, default);
        Assert.Empty((await Provider.CompareAsync(source, "contract existing", "contract existing", dump, default)).Differences);
    }

    /// <summary>Names of any kind pass through all stages.</summary>
    [SkippableFact]
    public async Task Odd_names_survive()
    {
        var source = await SourceAsync();
        var dump = new MemoryDump();
        foreach (var name in OddNames)
        {
            await CreateAsync(name);
        }

        Assert.Empty(OddNames.Except((await Provider.DiscoverAsync(source, default)).Select(i => i.Name)));
        await Provider.DumpAsync(source, OddNames, dump, default);
        foreach (var name in OddNames)
        {
            await Provider.RestoreAsync(source, new RestoreOptions(name, name + " 2"), dump, default);
            Assert.Empty((await Provider.CompareAsync(source, name + " 2", name, dump, default)).Differences);
        }
    }

    /// <summary>Only what a proof or a restore made may be dropped.</summary>
    [SkippableFact]
    public async Task Only_scratch_items_are_dropped()
    {
        var source = await SourceAsync();
        await CreateAsync("contract keep");
        await Assert.ThrowsAnyAsync<UserFacingException>(() => Provider.DropScratchAsync(source, "contract keep", default));
        Assert.Contains(await Provider.DiscoverAsync(source, default), i => i.Name == "contract keep");
    }

    private static RestoreOptions Scratch(string item) => new(item, "medicineman_proof_contract") { Scratch = true };
}
