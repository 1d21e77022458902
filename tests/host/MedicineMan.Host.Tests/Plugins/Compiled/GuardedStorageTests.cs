using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedicineMan.Host.Plugins;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Storage;
using MedicineMan.Testbed;
using Xunit.Abstractions;

namespace MedicineMan.Host.Tests.Plugins.Compiled;

/// A storage of a plugin in the hands of the host, which keeps it for as long as it likes.
public sealed class GuardedStorageTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Id = "tests.shelf";
    private static readonly JsonElement Empty = JsonElement.Parse("{}");

    // Compiled once for all of these.
    private static readonly Lazy<(TemporaryFolder Folder, string Plugin)> Built = new(Build);

    private PluginTestHost host = null!;

    public async Task InitializeAsync() => host = await PluginTestHost.Start([Built.Value.Plugin], options => options.RouteTimeLimit = options.FragmentTimeLimit = TimeSpan.FromMilliseconds(200));

    public async Task DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public async Task Each_call_enters_the_plugin_and_comes_back_as_it_is()
    {
        await using var shelf = await Open();

        Assert.Equal("shelf 1.0.0", shelf.Location);
        Assert.True(await Put(shelf, "data/a", "four"));
        Assert.False(await Put(shelf, "data/a", "five"));
        var read = new byte[2];
        await shelf.ReadAsync("data/a", 1, read, CancellationToken.None);
        Assert.Equal("ou", Encoding.UTF8.GetString(read));
        Assert.Equal(["data/a"], await shelf.ListAsync("", CancellationToken.None).Select(one => one.Key).ToListAsync());
        Assert.True(await shelf.DeleteAsync("data/a", CancellationToken.None));

        Assert.Equal(5, host.Catalogue.Entry(Id)!.Measures.Read().Single(measure => measure.Kind == "storage").Calls);
        Assert.Equal(0, host.Catalogue.Find(Id)!.Faults);
    }

    [Fact]
    public async Task What_it_throws_is_counted_and_what_it_says_to_a_person_is_not()
    {
        await using var shelf = await Open();

        await Assert.ThrowsAsync<InvalidOperationException>(() => Put(shelf, "throw", ""));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await shelf.ListAsync("throw", CancellationToken.None).ToListAsync());
        await Assert.ThrowsAsync<StorageException>(() => Put(shelf, "full", ""));

        Assert.Equal(["storage shelf", "storage shelf"], host.Catalogue.Find(Id)!.LatestFaults.Select(fault => fault.Where));
    }

    [Fact]
    public async Task A_long_put_is_not_cut_and_a_pack_is_not_copied()
    {
        await using var shelf = await Open();
        var pack = new ReadOnlySequence<byte>(new byte[16 << 20]);
        await shelf.PutAsync("warm", pack, CancellationToken.None);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.True(shelf.PutAsync("pack", pack, CancellationToken.None).IsCompletedSuccessfully);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 10);

        // More than any other call of a plugin may take on this host.
        Assert.True(await Put(shelf, "slow", ""));
    }

    [Fact]
    public async Task The_guard_costs_a_call_next_to_nothing()
    {
        await using var shelf = await Open();
        await Put(shelf, "data/a", "four");
        var read = new byte[4];
        var started = 0L;
        for (var call = -1000; call < 20_000; call++)
        {
            started = call == 0 ? TimeProvider.System.GetTimestamp() : started;
            await shelf.ReadAsync("data/a", 0, read, CancellationToken.None);
        }

        var each = TimeProvider.System.GetElapsedTime(started) / 20_000;
        output.WriteLine($"{each.TotalMicroseconds:0.00} µs for a call");
        // A pack takes milliseconds at the least.
        Assert.InRange(each.TotalMicroseconds, 0, 100);
    }

    [Fact]
    public async Task A_storage_that_is_held_outlives_an_upgrade_and_keeps_no_old_code()
    {
        await using var shelf = await Open();
        await Put(shelf, "data/a", "four");
        await host.Lifecycle.Load(PluginFolders.Copy(Built.Value.Plugin, host.Place("v2"), manifest => manifest["version"] = "2.0.0"), CancellationToken.None);

        Assert.True(await Put(shelf, "data/b", "four"));
        Assert.Equal("shelf 2.0.0", shelf.Location);
        Assert.Equal(0, await Resident());

        await host.Lifecycle.Retire(Id);
        var gone = await Assert.ThrowsAsync<UserFacingException>(() => Put(shelf, "data/c", "four"));
        Assert.Contains("No running plugin contributes the storage \"shelf\"", gone.Message, StringComparison.Ordinal);
        Assert.Equal(0, await Resident());
    }

    [Fact]
    public async Task What_is_under_way_when_its_plugin_stops_may_be_tried_again()
    {
        await using var held = await PluginTestHost.Start([Built.Value.Plugin], options => options.DrainTimeLimit = TimeSpan.FromMilliseconds(100));
        await using var shelf = await held.Of<Providers>().Get<IStorageProvider>("shelf").OpenAsync(Empty, CancellationToken.None);
        var hanging = Put(shelf, "hang", "");

        await held.Lifecycle.Load(PluginFolders.Copy(Built.Value.Plugin, held.Place("v2"), manifest => manifest["version"] = "2.0.0"), CancellationToken.None);

        Assert.True((await Assert.ThrowsAsync<StorageException>(() => hanging)).Transient);
        Assert.True(await Put(shelf, "data/a", "four"));
    }

    [Fact]
    public async Task A_plugin_that_rests_is_worth_another_try()
    {
        await using var shelf = await Open();
        for (var fault = 0; fault < 20; fault++)
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => Put(shelf, "throw", ""));
        }

        var rests = await Assert.ThrowsAsync<StorageException>(() => Put(shelf, "data/a", "four"));
        Assert.True(rests.Transient);
        Assert.Contains("rests until", rests.Message, StringComparison.Ordinal);
    }

    // A frame of its own: the caller's locals would keep what was touched here.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<IStorageBackend> Open() => await host.Of<Providers>().Get<IStorageProvider>("shelf").OpenAsync(Empty, CancellationToken.None);

    private static Task<bool> Put(IStorageBackend shelf, string key, string text) => shelf.PutAsync(key, new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(text)), CancellationToken.None);

    private async Task<int> Resident()
    {
        for (var round = 0; host.Catalogue.StillInMemory(Id) > 0 && round < 40; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(25);
        }

        return host.Catalogue.StillInMemory(Id);
    }

    private static (TemporaryFolder, string) Build()
    {
        var folder = new TemporaryFolder("shelf");
        return (folder, CompiledPlugin.Make(folder["plugin"], Id, """
            public void Configure(IPluginBuilder plugin) => plugin.Provide<Shelves>("shelf");

            public sealed class Shelves(PluginInfo info) : MedicineMan.Sdk.Storage.IStorageProvider
            {
                public string DisplayName => "Shelf";

                public ValueTask<MedicineMan.Sdk.Storage.IStorageBackend> OpenAsync(System.Text.Json.JsonElement settings, CancellationToken cancel) => new(new Shelf(info.Version));
            }

            public sealed class Shelf(string version) : MedicineMan.Sdk.Storage.IStorageBackend
            {
                private readonly Dictionary<string, byte[]> kept = [];

                public string Location => $"shelf {version}";

                public async Task<bool> Later(TimeSpan time, CancellationToken cancel) { await Task.Delay(time, cancel); return true; }

                public Task<bool> PutAsync(string key, System.Buffers.ReadOnlySequence<byte> content, CancellationToken cancel) => key switch
                {
                    "throw" => throw new InvalidOperationException("it fell down"),
                    "full" => throw new MedicineMan.Sdk.Storage.StorageException("The shelf is full."),
                    "slow" => Later(TimeSpan.FromMilliseconds(600), cancel),
                    "hang" => Later(Timeout.InfiniteTimeSpan, cancel),
                    _ => Task.FromResult(kept.TryAdd(key, content.Length > 100 ? [] : System.Buffers.BuffersExtensions.ToArray(content))),
                };

                public Task ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancel)
                {
                    kept[key].AsMemory((int)offset, destination.Length).CopyTo(destination);
                    return Task.CompletedTask;
                }

                public async IAsyncEnumerable<MedicineMan.Sdk.Storage.StoredObject> ListAsync(string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
                {
                    await Task.Yield();
                    foreach (var (key, bytes) in kept)
                    {
                        yield return new(key, bytes.Length, default);
                    }

                    if (prefix == "throw") { throw new InvalidOperationException("it fell down"); }
                }

                public Task<bool> DeleteAsync(string key, CancellationToken cancel) => Task.FromResult(kept.Remove(key));

                public ValueTask DisposeAsync() => default;
            }
            """, change: manifest => manifest["contributes"]!["providers"] = new JsonArray(new JsonObject { ["contract"] = "storage", ["kind"] = "shelf" })));
    }
}
