using MedicineMan.Sdk.Storage;
using MedicineMan.Testbed;

namespace MedicineMan.Plugins.Sftp.Tests;

/// What happens when the connection breaks, stands still, or the caller goes.
public sealed class FaultTests : IAsyncLifetime, IDisposable
{
    private const string Key = "data/ab/abcd";
    private const int Large = 20_000_000;

    private readonly SftpServer server = new();
    private string root = "";

    public async Task InitializeAsync()
    {
        await server.InitializeAsync();
        root = server.NewFolder();
    }

    [Fact]
    public async Task A_connection_cut_while_an_object_is_written_leaves_no_part_of_it_and_the_next_try_works()
    {
        await using var storage = await server.Open(root);
        await SftpServer.Put(storage, "keys/aa", 10);

        var failure = await Assert.ThrowsAsync<StorageException>(() => storage.PutAsync(Key, Trap.Halfway(Large, server.Ssh.CutConnections), default));
        Assert.True(failure.Transient);
        Assert.Contains(storage.Location, failure.Message, StringComparison.Ordinal);
        Assert.Equal("keys/aa", Assert.Single(await storage.ListAsync("", default).ToListAsync()).Key);
        Assert.Single(Directory.GetFiles(Path.Combine(root, "tmp")));

        Assert.True(await SftpServer.Put(storage, Key, 1_000_000));
        var read = new byte[1_000_000];
        await storage.ReadAsync(Key, 0, read, default);
        Assert.Equal(SftpServer.Content(1_000_000).FirstSpan, read);
    }

    [Fact]
    public async Task A_connection_cut_while_an_object_is_read_is_transient_and_the_next_try_works()
    {
        await using var storage = await server.Open(root);
        await SftpServer.Put(storage, Key, Large);
        var read = new byte[Large];
        // When the first piece comes.
        var caught = new Trap(read, server.Ssh.CutConnections).Memory;

        Assert.True((await Assert.ThrowsAsync<StorageException>(() => storage.ReadAsync(Key, 0, caught, default))).Transient);
        Assert.NotEqual(0, read.AsSpan(0, 1000).IndexOfAnyExcept((byte)0) + 1);
        await storage.ReadAsync(Key, 0, read, default);
        Assert.True(SftpServer.Content(Large).FirstSpan.SequenceEqual(read));
    }

    [Fact]
    public async Task A_server_that_falls_silent_is_given_up_and_the_next_try_works()
    {
        await using var storage = await server.Open(server.Settings(root), limits => limits with { Stall = TimeSpan.FromSeconds(1) });
        await SftpServer.Put(storage, Key, 10);
        server.Ssh.FreezeConnections();

        var failure = await Assert.ThrowsAsync<StorageException>(() => SftpServer.Put(storage, "data/ab/large", Large).WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.True(failure.Transient);
        Assert.Contains("has not answered for 1 seconds", failure.Message, StringComparison.Ordinal);
        Assert.True(await SftpServer.Put(storage, "data/ab/next", 10));
        server.Ssh.CutConnections();
    }

    [Fact]
    public async Task A_server_that_is_frozen_lets_go_of_a_caller_that_cancels()
    {
        await using var storage = await server.Open(root);
        await SftpServer.Put(storage, Key, Large);
        server.Ssh.FreezeConnections();

        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => storage.ReadAsync(Key, 0, new byte[Large], stop.Token).WaitAsync(TimeSpan.FromSeconds(5)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => storage.ListAsync("", stop.Token).ToListAsync(stop.Token).AsTask());
        server.Ssh.CutConnections();
    }

    [Fact]
    public async Task A_write_that_is_cancelled_halfway_leaves_nothing_and_the_connection_goes_on()
    {
        await using var storage = await server.Open(root);
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => storage.PutAsync(Key, Trap.Halfway(Large, stop.Cancel), stop.Token));
        Assert.Empty(Directory.GetFiles(root, "*", SearchOption.AllDirectories));
        Assert.True(await SftpServer.Put(storage, Key, 10));
        Assert.Equal(2, server.Ssh.Log.Split("Accepted publickey").Length);
    }

    [Fact]
    public async Task An_unused_connection_is_given_back_and_made_again()
    {
        await using var storage = await server.Open(server.Settings(root), limits => limits with { Idle = TimeSpan.FromMilliseconds(200) });
        await SftpServer.Put(storage, Key, 10);
        for (var tries = 0; tries < 100 && !server.Ssh.Log.Contains("Disconnected from user", StringComparison.Ordinal); tries++)
        {
            await Task.Delay(50);
        }

        Assert.Contains("Disconnected from user", server.Ssh.Log, StringComparison.Ordinal);
        Assert.False(await SftpServer.Put(storage, Key, 10));
    }

    [Fact]
    public async Task A_server_without_SFTP_is_a_sentence()
    {
        await using var without = await SshServer.Start(sftp: "/bin/echo Welcome to this machine");
        var settings = server.Settings(root);
        (settings["port"], settings["hostKey"], settings["privateKey"]) = (without.Port, without.Fingerprint, server.Secret(without.PrivateKey));
        await using var storage = await server.Open(settings);
        var failure = await Assert.ThrowsAsync<StorageException>(() => SftpServer.Put(storage, Key, 10));
        Assert.Contains("sent something that is no SFTP", failure.Message, StringComparison.Ordinal);
    }

    public Task DisposeAsync() => server.DisposeAsync();

    public void Dispose() => server.Dispose();
}
