using System.Collections.Concurrent;

namespace MedicineMan.Host.Servers.Ssh;

/// Keeps connections open between commands: a connect costs forty times a command. Remembers refused credentials, so that no server
/// bans us and no account is locked by repetition.
internal sealed class SshConnections : IAsyncDisposable
{
    // sshd allows ten sessions a connection by default; two stay free for ending commands.
    private const int ChannelsEach = 8;
    private const int ConnectionsEach = 4;
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Pool> pools = new();
    private readonly ConcurrentDictionary<(string Server, string Stamp), SshSignInRefusedException> refused = new();
    private readonly TimeProvider time;
    private readonly ITimer sweeping;

    public SshConnections(TimeProvider time)
    {
        this.time = time;
        sweeping = time.CreateTimer(_ => Sweep(), null, Idle, Idle / 2);
    }

    /// A channel with the line running in it. <paramref name="urgent"/> takes a place that is kept free for ending commands.
    public async Task<SshChannel> Start(SshTarget target, string line, bool urgent, CancellationToken cancel)
    {
        var pool = pools.GetOrAdd(Key(target), _ => new Pool());
        if (!urgent)
        {
            await pool.Places.WaitAsync(cancel);
        }

        try
        {
            SshChannel channel;
            await pool.Gate.WaitAsync(cancel);
            try
            {
                var session = await Pick(pool, target, urgent, cancel);
                pool.Used = time.GetTimestamp();
                channel = await session.Open(line, cancel);
            }
            finally
            {
                pool.Gate.Release();
            }

            if (!urgent)
            {
                _ = channel.Gone.ContinueWith(_ => pool.Places.Release(), TaskScheduler.Default);
            }

            return channel;
        }
        catch when (!urgent)
        {
            pool.Places.Release();
            throw;
        }
    }

    /// A connection of its own, past pool and circuit: for a person who is looking at the result. Its success closes the circuit.
    public async Task<SshSession> ConnectOnce(SshTarget target, Action<string, string> passed, CancellationToken cancel)
    {
        Retry(target.ServerId);
        return await Connect(target, passed, cancel);
    }

    /// A person wants another try with the same credential.
    public void Retry(string serverId)
    {
        foreach (var key in refused.Keys.Where(key => key.Server == serverId))
        {
            refused.TryRemove(key, out _);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await sweeping.DisposeAsync();
        foreach (var session in pools.Values.SelectMany(pool => pool.Sessions))
        {
            await session.DisposeAsync();
        }
    }

    private async Task<SshSession> Pick(Pool pool, SshTarget target, bool urgent, CancellationToken cancel)
    {
        foreach (var lost in pool.Sessions.Where(session => !session.Usable).ToList())
        {
            pool.Sessions.Remove(lost);
            await lost.DisposeAsync();
        }

        var least = pool.Sessions.MinBy(session => session.Channels);
        if (least is not null && (urgent || least.Channels < ChannelsEach))
        {
            return least;
        }

        var fresh = await Connect(target, null, cancel);
        pool.Sessions.Add(fresh);
        return fresh;
    }

    private async Task<SshSession> Connect(SshTarget target, Action<string, string>? passed, CancellationToken cancel)
    {
        var circuit = (target.ServerId, target.UserName + target.Credential.Stamp);
        if (refused.TryGetValue(circuit, out var refusal))
        {
            throw refusal;
        }

        try
        {
            return await SshConnector.Connect(target, passed, cancel);
        }
        catch (SshSignInRefusedException now)
        {
            refused[circuit] = now;
            throw;
        }
    }

    private void Sweep()
    {
        foreach (var pool in pools.Values)
        {
            if (pool.Gate.Wait(0))
            {
                try
                {
                    if (time.GetElapsedTime(pool.Used) > Idle && pool.Sessions.TrueForAll(session => session.Channels == 0))
                    {
                        foreach (var session in pool.Sessions)
                        {
                            _ = session.DisposeAsync().AsTask();
                        }

                        pool.Sessions.Clear();
                    }
                }
                finally
                {
                    pool.Gate.Release();
                }
            }
        }
    }

    // The pinned key is part of it: approving another key must not reuse a connection made under the old one.
    private static string Key(SshTarget target) =>
        $"{target.ServerId}\n{target.Address}\n{target.Port}\n{target.UserName}\n{target.Credential.Stamp}\n{target.Pinned?.Text}";

    private sealed class Pool
    {
        public SemaphoreSlim Places { get; } = new(ChannelsEach * ConnectionsEach);

        public SemaphoreSlim Gate { get; } = new(1, 1);

        public List<SshSession> Sessions { get; } = [];

        public long Used { get; set; }
    }
}

/// A server's shell behind SSH.
internal sealed class SshShell(SshTarget target, SshConnections connections) : Commands.IShell
{
    public string ServerName => target.ServerName;

    public string UserName => target.UserName;

    public async ValueTask<Commands.IShellProcess> Start(string line, bool urgent, CancellationToken cancel) => await connections.Start(target, line, urgent, cancel);
}
