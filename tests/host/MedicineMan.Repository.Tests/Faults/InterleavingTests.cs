using System.Globalization;
using MedicineMan.Repository.Chunking;
using MedicineMan.Repository.Pruning;
using MedicineMan.Repository.Retention;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Tests.Faults;

/// <summary>Ours and stock restic on one repository at the same time.</summary>
public sealed class InterleavingTests
{
    [SkippableFact]
    public async Task Eight_backups_a_check_and_a_prune_at_once_with_restic_among_them_leave_every_snapshot_whole()
    {
        Restic.SkipUnlessInstalled();
        await using var ours = await TestRepository.Create();
        await ours.BackUp(DateTimeOffset.UnixEpoch, ("old", Some.Noise(3_000_000, seed: 99)));
        await ours.Repository.Upkeep.Forget(new ForgetOptions { Names = ["latest"], Guards = RetentionGuards.None }, default);
        var contents = Enumerable.Range(0, 8).Select(i => Some.Noise(1_500_000 + 100_000 * i, seed: i % 5)).ToArray();

        // Half by restic. Whoever finds the repository taken tries again, as a scheduler would.
        var backups = contents.Select((content, i) => i % 2 == 0 ? OurBackup(ours, $"stream{i}", content) : ResticBackup(ours, $"stream{i}", content));
        var check = Again(async () => await ours.Repository.Check(new CheckOptions { ReadData = true }, null, default));
        // It may come first, when only what was forgotten is there.
        var prune = Again(() => ours.Repository.Upkeep.Prune(new PruneOptions { MaxUnused = UnusedLimit.Bytes(0), WithoutGuards = true, LockPatience = TimeSpan.FromMinutes(2) }, null, default));
        var theirs = ResticAgain(ours, null, "prune", "--max-unused", "0");
        await Task.WhenAll([.. backups, check, prune, theirs]);

        Assert.Empty((await check).Problems);
        var snapshots = await ours.Repository.Snapshots(default).ToListAsync();
        Assert.Equal(8, snapshots.Count);
        foreach (var snapshot in snapshots)
        {
            var number = int.Parse(snapshot.Tags.Single(), CultureInfo.InvariantCulture);
            Assert.Equal(contents[number], await ours.Read(snapshot.Id, $"stream{number}"));
        }

        await ours.Restic.Run("check", "--read-data");
        await ours.Reopen();
        Assert.Empty((await ours.Repository.Check(new CheckOptions { ReadData = true }, null, default)).Problems);
        Assert.Empty(Directory.GetFiles(Path.Combine(ours.Folder, "locks")));
    }

    [SkippableFact]
    public async Task Nobody_gets_past_the_exclusive_lock_of_the_other()
    {
        Restic.SkipUnlessInstalled();
        await using var ours = await TestRepository.Create();
        await ours.BackUp(("rows", Some.Rows(10)));
        await using (await ours.Repository.BeginSnapshot(TestRepository.Options(), default))
        {
            foreach (var command in new[] { "prune", "check" })
            {
                var (code, _, errors) = await ours.Restic.Try(null, command);
                Assert.NotEqual(0, code);
                Assert.Contains("locked", errors, StringComparison.Ordinal);
            }

            Assert.Equal(0, (await ours.Restic.Try(Some.Noise(1000), "backup", "--stdin")).Code);
        }

        // A writer that holds its lock while it waits for its input.
        var home = ours.Scratch["waiting"];
        Directory.CreateDirectory(home);
        await Shell.Run("mkfifo \"$1/pipe\"", home);
        var theirs = Shell.Run(
            "RESTIC_PASSWORD=\"$3\" restic -r \"$2\" --no-cache backup --stdin < \"$1/pipe\"", home, ours.Folder, TestRepository.Password);
        await using (var pipe = new FileStream(Path.Combine(home, "pipe"), FileMode.Open, FileAccess.Write))
        {
            for (var tries = 0; Directory.GetFiles(Path.Combine(ours.Folder, "locks")).Length == 0 && tries < 600; tries++)
            {
                await Task.Delay(50);
            }

            await Task.Delay(500);
            await Assert.ThrowsAnyAsync<UserFacingException>(() => ours.Repository.Upkeep.Prune(new PruneOptions(), null, default));
            await ours.BackUp(("rows", Some.Rows(20)));
            await pipe.WriteAsync(Some.Rows(30));
        }

        await theirs;
        await ours.Repository.Upkeep.Prune(new PruneOptions(), null, default);
        await ours.Restic.Run("check", "--read-data");
    }

    private static Task<bool> OurBackup(TestRepository ours, string name, byte[] content) => Again(async () =>
    {
        using var repository = await TestRepository.Open(ours.Storage);
        await using var session = await repository.BeginSnapshot(TestRepository.Options() with { Tags = [name["stream".Length..]] }, default);
        await session.AddStream([name], new MemoryStream(content), ChunkProfile.Stream, default);
        await session.Commit(default);
        return true;
    });

    private static Task ResticBackup(TestRepository ours, string name, byte[] content) =>
        ResticAgain(ours, content, "backup", "--stdin", "--stdin-filename", name, "--tag", name["stream".Length..], "--host", "db1");

    private static async Task<T> Again<T>(Func<Task<T>> attempt)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return await attempt();
            }
            catch (UserFacingException failure) when (failure.Message.Contains("Try again when", StringComparison.Ordinal) && tries < 300)
            {
                await Task.Delay(Random.Shared.Next(50, 500));
            }
        }
    }

    private static async Task ResticAgain(TestRepository ours, byte[]? input, params string[] arguments)
    {
        for (var tries = 0; tries < 300; tries++)
        {
            var (code, _, errors) = await ours.Restic.Try(input, arguments);
            if (code == 0)
            {
                return;
            }

            Assert.Contains("locked", errors, StringComparison.Ordinal);
            await Task.Delay(Random.Shared.Next(50, 500));
        }

        Assert.Fail($"restic {arguments[0]} never got its turn.");
    }
}
