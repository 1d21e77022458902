using System.Collections.Concurrent;
using MedicineMan.Plugins.Sftp.Ssh;
using Renci.SshNet;

namespace MedicineMan.Plugins.Sftp.Wire;

/// <summary>
/// SFTP version 3 on one connection (draft-ietf-secsh-filexfer-02): any number of requests in flight, each with its own answer. A server that shows
/// no sign of progress while requests are open is given up.
/// </summary>
internal sealed class SftpSession : IAsyncDisposable
{
    private readonly ConcurrentDictionary<uint, SftpRequest> open = new();
    private readonly TaskCompletionSource<Dictionary<string, byte[]>> greeted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SftpChannel channel;
    private readonly ITimer watching;
    private readonly TimeSpan stall;
    private volatile SftpLostException? lost;
    private Dictionary<string, byte[]> extensions = [];
    private uint lastId;
    private int waiting;
    private long heard;

    private SftpSession(SshClient client, TimeSpan stall)
    {
        this.stall = stall;
        channel = new SftpChannel(client, Received);
        channel.Heard += Touch;
        channel.Lost += Lose;
        watching = TimeProvider.System.CreateTimer(_ => Watch(), null, stall / 4, stall / 4);
    }

    public bool Usable => lost is null;

    public bool Offers(string extension) => extensions.ContainsKey(extension);

    /// <summary>Starts the subsystem on a connected client, which the session then owns.</summary>
    public static async Task<SftpSession> Start(SshClient client, TimeSpan stall, CancellationToken cancel)
    {
        var session = new SftpSession(client, stall);
        try
        {
            await session.channel.Start(cancel);
            session.channel.Send(new SftpPacket(SftpType.Init).Number(3).Finish(null));
            session.extensions = await session.greeted.Task.WaitAsync(cancel);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends a request and waits for its answer. Requests leave in the order of the calls.</summary>
    /// <param name="packet">Is released.</param>
    /// <param name="into">Takes the bytes of a data answer. Nothing is written there any more once the task has ended, also when it was cancelled.</param>
    /// <param name="cancel">Ends the wait; an answer that comes later is dropped, and a handle in it closed.</param>
    public async Task<SftpAnswer> Ask(SftpPacket packet, Memory<byte> into, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var id = Interlocked.Increment(ref lastId);
        var request = new SftpRequest(into);
        if (Interlocked.Increment(ref waiting) == 1)
        {
            Touch();
        }

        open[id] = request;
        if (lost is { } loss)
        {
            // Too late to be told with the others.
            Fail(id, loss);
        }

        channel.Send(packet.Finish(id));
        await using (cancel.UnsafeRegister(static (state, token) => ((SftpRequest)state!).Abandon(token), request))
        {
            return await request.Answer;
        }
    }

    public ValueTask DisposeAsync()
    {
        channel.Dispose();
        return watching.DisposeAsync();
    }

    private void Received(ReadOnlySpan<byte> packet)
    {
        var type = (SftpType)packet[0];
        var fields = new SftpFields(packet[1..]);
        if (type is SftpType.Version)
        {
            Greeted(fields);
            return;
        }

        if (!open.TryRemove(fields.Number(), out var request))
        {
            throw new SftpLostException("The server answered a request that was never sent.");
        }

        Interlocked.Decrement(ref waiting);
        if (!request.Take(type, fields) && type is SftpType.Handle)
        {
            // Whoever asked for it has gone.
            _ = Dropped(Ask(new SftpPacket(SftpType.Close).Bytes(fields.Bytes()), default, CancellationToken.None));
        }
    }

    private void Greeted(SftpFields fields)
    {
        var version = fields.Number();
        if (version != 3)
        {
            throw new SftpLostException($"The server speaks version {version} of SFTP, not 3.");
        }

        var offered = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        while (!fields.AtEnd)
        {
            offered[fields.Text()] = fields.Bytes().ToArray();
        }

        greeted.TrySetResult(offered);
    }

    private void Lose(SftpLostException loss)
    {
        lost = loss;
        greeted.TrySetException(loss);
        foreach (var id in open.Keys)
        {
            Fail(id, loss);
        }
    }

    private void Fail(uint id, SftpLostException loss)
    {
        if (open.TryRemove(id, out var request))
        {
            Interlocked.Decrement(ref waiting);
            request.Fail(loss);
        }
    }

    private void Touch() => Interlocked.Exchange(ref heard, TimeProvider.System.GetTimestamp());

    private void Watch()
    {
        if (Volatile.Read(ref waiting) > 0 && TimeProvider.System.GetElapsedTime(Interlocked.Read(ref heard)) > stall)
        {
            channel.Lose(new SftpLostException($"The server has not answered for {stall.TotalSeconds:0.#} seconds."));
        }
    }

    private static async Task Dropped(Task<SftpAnswer> answer)
    {
        try
        {
            await answer;
        }
        catch (Exception failure) when (failure is SftpLostException or SftpStatusException)
        {
            // A lost connection closes it as well.
        }
    }
}
