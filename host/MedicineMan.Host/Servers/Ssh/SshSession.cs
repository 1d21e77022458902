using System.Collections.Concurrent;
using MedicineMan.Sdk.Commands;
using Renci.SshNet;
using Renci.SshNet.Common;
using Renci.SshNet.Messages;

namespace MedicineMan.Host.Servers.Ssh;

/// One authenticated connection and the channels that share it.
internal sealed class SshSession : IAsyncDisposable
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(60);
    private readonly SshClient client;
    private readonly Session session;
    private readonly ConcurrentDictionary<uint, SshChannel> channels = new();
    private readonly ITimer asking;
    private uint lastNumber = 1000;
    private long heard = TimeProvider.System.GetTimestamp();
    private CommandException? lost;

    public SshSession(SshClient client, string server)
    {
        (this.client, Server, session) = (client, server, SshInternals.SessionOf(client));
        session.ChannelOpenConfirmationReceived += (_, e) => Find(e.Message.LocalChannelNumber)?.Opened(e.Message);
        session.ChannelOpenFailureReceived += (_, e) => Find(e.Message.LocalChannelNumber)?.Refused($"the server refused another channel: {e.Message.Description}");
        session.ChannelSuccessReceived += (_, e) => Find(e.Message.LocalChannelNumber)?.Started();
        session.ChannelFailureReceived += (_, e) => Find(e.Message.LocalChannelNumber)?.Refused("the server does not let this user run commands");
        session.ChannelWindowAdjustReceived += (_, e) => Find(e.Message.LocalChannelNumber)?.WindowOpened(e.Message.BytesToAdd);
        session.ChannelDataReceived += (_, e) => Find(e.Message.LocalChannelNumber)?.Received(e.Message.Data.AsSpan(e.Message.Offset, e.Message.Size), error: false);
        session.ChannelExtendedDataReceived += (_, e) => Find(e.Message.LocalChannelNumber)?.Received(e.Message.Data, error: true);
        session.ChannelEofReceived += (_, e) => Find(e.Message.LocalChannelNumber)?.Ended();
        session.ChannelRequestReceived += (_, e) => Find(e.Message.LocalChannelNumber)?.Requested(e.Message.RequestName, e.Message.RequestData);
        session.ChannelCloseReceived += (_, e) => Find(e.Message.LocalChannelNumber)?.Closed();
        session.RequestSuccessReceived += (_, _) => Heard();
        session.RequestFailureReceived += (_, _) => Heard();
        session.ErrorOccured += (_, e) => Lose(e.Exception);
        session.Disconnected += (_, _) => Lose(null);
        asking = TimeProvider.System.CreateTimer(_ => AskForLife(), null, AskEvery, AskEvery);
    }

    public string Server { get; }

    public int Channels => channels.Count;

    public bool Usable => lost is null && client.IsConnected;

    public async Task<SshChannel> Open(string line, CancellationToken cancel)
    {
        var channel = new SshChannel(this, Interlocked.Increment(ref lastNumber), line);
        channels[channel.Number] = channel;
        try
        {
            if (lost is not null)
            {
                throw lost;
            }

            channel.Begin();
            await channel.Running.WaitAsync(cancel);
            return channel;
        }
        catch
        {
            await channel.DisposeAsync();
            throw;
        }
    }

    /// Sends a message; waits while the connection is full or agrees on new keys, so never call it from the receiving thread.
    public void Send(Message message)
    {
        try
        {
            SshInternals.Send(session, message);
        }
        catch (Exception broken) when (broken is SshException or System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            Lose(broken);
            throw lost!;
        }
    }

    public void Forget(SshChannel channel) => channels.TryRemove(channel.Number, out _);

    public ValueTask DisposeAsync()
    {
        asking.Dispose();
        Lose(null);
        client.Dispose();
        return ValueTask.CompletedTask;
    }

    // The library's own keep-alive wants no answer, so a server that was unplugged would look alive for a quarter of an hour.
    private void AskForLife()
    {
        if (TimeProvider.System.GetElapsedTime(Interlocked.Read(ref heard)) > LongestSilence)
        {
            Lose(new TimeoutException($"it has not answered for {LongestSilence.TotalSeconds:0} seconds"));
            client.Dispose();
            return;
        }

        try
        {
            Send(SshInternals.GlobalRequest("keepalive@openssh.com"u8.ToArray(), wantReply: true));
        }
        catch (CommandException)
        {
            // Every channel has been told.
        }
    }

    private void Heard() => Interlocked.Exchange(ref heard, TimeProvider.System.GetTimestamp());

    private SshChannel? Find(uint number) => channels.GetValueOrDefault(number);

    private void Lose(Exception? cause)
    {
        var because = cause is null ? "." : $": {Commands.PlainText.From(cause.Message).TrimEnd('.')}.";
        var loss = new CommandException($"The connection to {Server} was lost{because} Whatever ran over it has no known end.", cause);
        if (Interlocked.CompareExchange(ref lost, loss, null) is null)
        {
            foreach (var channel in channels.Values)
            {
                channel.Lost(loss);
            }
        }
    }
}
