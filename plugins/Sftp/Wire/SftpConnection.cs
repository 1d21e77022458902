using MedicineMan.Plugins.Sftp.Ssh;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Plugins.Sftp.Wire;

/// <summary>
/// The one connection of a storage, for all its calls at once. It is made when it is needed, again after it broke, and given back when nobody has
/// used it for a while.
/// </summary>
internal sealed class SftpConnection : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly CancellationTokenSource closing = new();
    private readonly SftpLimits limits;
    private readonly ITimer idle;
    private readonly CancellationTokenRegistration unloading;
    private (SftpSession Session, SftpCalls Calls)? current;
    private (StorageException Refusal, long At)? refused;
    private Task? connecting;
    private int users;

    /// <param name="target">Where to.</param>
    /// <param name="limits">How long to wait.</param>
    /// <param name="unload">Its threads would keep the plugin's code.</param>
    public SftpConnection(SftpSettings target, SftpLimits limits, CancellationToken unload)
    {
        (Target, this.limits) = (target, limits);
        idle = TimeProvider.System.CreateTimer(_ => DropIdle(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        unloading = unload.UnsafeRegister(static self => _ = ((SftpConnection)self!).DisposeAsync().AsTask(), this);
    }

    public SftpSettings Target { get; }

    /// <exception cref="SftpLostException">The connection broke meanwhile; the next call connects anew.</exception>
    /// <exception cref="StorageException">There is no connection.</exception>
    public async Task<T> Use<T>(Func<SftpCalls, Task<T>> call, CancellationToken cancel)
    {
        var server = Enter() ?? await Connect(cancel);
        try
        {
            return await call(server);
        }
        finally
        {
            Leave();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        // Not awaited: it may be what calls.
        unloading.Unregister();
        await idle.DisposeAsync();
        await Drop(onlyIdle: false);
    }

    private SftpCalls? Enter()
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closing.IsCancellationRequested, this);
            if (current is not { Session.Usable: true } usable)
            {
                return null;
            }

            users++;
            return usable.Calls;
        }
    }

    private void Leave()
    {
        lock (gate)
        {
            if (--users == 0 && !closing.IsCancellationRequested)
            {
                idle.Change(limits.Idle, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private async Task<SftpCalls> Connect(CancellationToken cancel)
    {
        Task attempt;
        lock (gate)
        {
            // One for all who wait: they fail together too, and not one after the other.
            attempt = connecting ??= Task.Run(ConnectOnce, CancellationToken.None);
        }

        await attempt.WaitAsync(cancel);
        return Enter() ?? throw new SftpLostException("The connection was lost.");
    }

    private async Task ConnectOnce()
    {
        try
        {
            if (refused is { } before && TimeProvider.System.GetElapsedTime(before.At) < limits.Refused)
            {
                throw new StorageException(before.Refusal.Message, before.Refusal) { Permanent = true };
            }

            refused = null;
            await Drop(onlyIdle: false);
            var fresh = await Open(closing.Token);
            lock (gate)
            {
                current = fresh;
            }
        }
        catch (StorageException refusal) when (refusal.Permanent)
        {
            refused ??= (refusal, TimeProvider.System.GetTimestamp());
            throw;
        }
        finally
        {
            lock (gate)
            {
                connecting = null;
            }

            if (closing.IsCancellationRequested)
            {
                await Drop(onlyIdle: false);
            }
        }
    }

    private async Task<(SftpSession Session, SftpCalls Calls)> Open(CancellationToken cancel)
    {
        var client = await SshConnector.Connect(Target, limits.Connect, cancel);
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(limits.Connect);
        try
        {
            var session = await SftpSession.Start(client, limits.Stall, late.Token);
            return (session, await SftpCalls.Greet(session, late.Token));
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new SftpLostException($"The server let {Target.User} in, but started no SFTP.");
        }
    }

    private void DropIdle() => _ = Drop(onlyIdle: true);

    private async Task Drop(bool onlyIdle)
    {
        SftpSession? dropped;
        lock (gate)
        {
            if (onlyIdle && users > 0)
            {
                return;
            }

            dropped = current?.Session;
            current = null;
        }

        if (dropped is not null)
        {
            await dropped.DisposeAsync();
        }
    }
}
