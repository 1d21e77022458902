using System.Diagnostics;
using System.Globalization;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Repository.Tests.Faults;

/// <summary>Copy, migrate and repair snapshots on bad lines, with the power cut, and killed. MEDICINEMAN_KILLS sets how often; 200 for the long run.</summary>
public sealed class UpkeepFaultTests
{
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("MEDICINEMAN_KILLS") ?? "2", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData(Chore.Copy)]
    [InlineData(Chore.Migrate)]
    [InlineData(Chore.Repair)]
    public async Task A_storage_that_fails_for_a_moment_at_every_nth_call_is_worked_with(string name)
    {
        var chore = await Chore.Make(name);
        foreach (var nth in new[] { 2, 5 })
        {
            await using var storage = await Shaky(chore);
            using var repository = await Open(storage);
            using var source = await Source(chore);
            storage.EveryNth = nth;
            await Chore.Run(name, repository, source);
            storage.EveryNth = 0;
            Assert.InRange(storage.Failures, 1, 1000);
            await chore.Expect(storage, isDone: true);
        }
    }

    [Theory]
    [InlineData(Chore.Copy)]
    [InlineData(Chore.Migrate)]
    [InlineData(Chore.Repair)]
    public async Task A_storage_that_refuses_every_nth_call_costs_nothing_and_the_next_attempt_ends_it(string name)
    {
        var chore = await Chore.Make(name);
        var refused = 0;
        foreach (var nth in new[] { 2, 3, 4, 5, 6, 7, 9, 12, 16, 21, 28 })
        {
            await using var storage = await Shaky(chore);
            using (var repository = await Open(storage))
            {
                using var source = await Source(chore);
                (storage.EveryNth, storage.FailsForGood) = (nth, true);
                try
                {
                    await Chore.Run(name, repository, source);
                }
                catch (UserFacingException)
                {
                    refused++;
                }

                storage.EveryNth = 0;
            }

            await chore.Expect(storage, isDone: false);
            using var again = await Open(storage);
            using var sourceAgain = await Source(chore);
            await Chore.Run(name, again, sourceAgain);
            await chore.Expect(storage, isDone: true);
        }

        Assert.InRange(refused, 4, 11);
    }

    [Theory]
    [InlineData(Chore.Copy)]
    [InlineData(Chore.Migrate)]
    [InlineData(Chore.Repair)]
    public async Task After_a_power_cut_at_any_moment_every_snapshot_restores_and_the_next_attempt_ends_it(string name)
    {
        var chore = await Chore.Make(name);
        await using var storage = new JournaledStorage();
        await Chore.Put(chore.Start, storage);
        using var repository = await Open(storage);
        using var source = await Source(chore);
        var start = storage.Now;
        await Chore.Run(name, repository, source);
        var end = storage.Now;

        for (var moment = start; moment <= end; moment += Math.Max(1, (end - start) / 9))
        {
            var left = storage.After(moment, seed: moment);
            await chore.Expect(left, isDone: false);
            using var again = await Open(left);
            await Chore.Run(name, again, source);
            await chore.Expect(left, isDone: true);
        }
    }

    [Theory]
    [InlineData(Chore.Copy)]
    [InlineData(Chore.Migrate)]
    [InlineData(Chore.Repair)]
    public async Task Killed_at_any_point_it_leaves_every_snapshot_whole_and_the_next_attempt_ends_it(string name)
    {
        var chore = await Chore.Make(name);
        await using var scratch = new ScratchFolder();
        await using var source = await TestRepository.OpenStorage(scratch["source"]);
        await Chore.Put(chore.Source, source);
        var random = new Random();
        for (var kill = 0; kill < Kills; kill++)
        {
            var folder = scratch[$"repository{kill}"];
            await using var storage = await TestRepository.OpenStorage(folder);
            await Chore.Put(chore.Start, storage);
            using (var child = Process.Start(new ProcessStartInfo("dotnet", ["exec", typeof(Chore).Assembly.Location, name, folder, scratch["source"]]) { RedirectStandardOutput = true })!)
            {
                Assert.Equal("ready", await child.StandardOutput.ReadLineAsync());
                await Task.Delay(random.Next(0, 250));
                child.Kill();
                await child.WaitForExitAsync();
            }

            await chore.Expect(storage, isDone: false, locksAreOfTheDead: true);
            using var again = await Open(storage);
            using var from = name is Chore.Copy ? await Open(source) : null;
            await Chore.Run(name, again, from);
            await chore.Expect(storage, isDone: true, locksAreOfTheDead: true);
        }
    }

    private static async Task<ShakyStorage> Shaky(Chore chore)
    {
        var storage = new ShakyStorage();
        await Chore.Put(chore.Start, storage);
        return storage;
    }

    private static async Task<BackupRepository?> Source(Chore chore) => chore.Name is Chore.Copy ? await Open(chore.Source) : null;

    private static Task<BackupRepository> Open(IStorageBackend storage) =>
        BackupRepository.Open(storage, TestRepository.Password, TestRepository.Cheap, new HastyClock(), default);
}
