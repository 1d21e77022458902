using System.Threading.Channels;
using MedicineMan.Plugins.Sftp.Wire;
using Renci.SshNet;
using Renci.SshNet.Common;
using Renci.SshNet.Messages;
using Renci.SshNet.Messages.Connection;

namespace MedicineMan.Plugins.Sftp.Ssh;

/// <summary>
/// The one channel of a connection, with the subsystem sftp in it: sends whole packets and hands received ones over, on the thread that receives.
/// </summary>
internal sealed class SftpChannel : IDisposable
{
    // What arrives was asked for and is taken at once, so the window has nothing to hold back; one this large is given back once in a gibibyte.
    private const uint Window = int.MaxValue;

    // SSH.NET refuses packets over 68536 bytes.
    private const uint LargestPacket = 64 * 1024;

    // The library counts its own channels from nought.
    private const uint Number = 1000;

    private readonly SshClient client;
    private readonly Session session;
    private readonly PacketAssembly assembly;

    // Not bounded itself: callers keep so many requests in flight and no more.
    private readonly Channel<SftpPacket> outgoing = Channel.CreateUnbounded<SftpPacket>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SendWindow window = new();
    private readonly TaskCompletionSource running = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SftpLostException? lost;
    private uint remoteNumber;
    private uint unreturned;

    /// <param name="client">Connected; the channel disposes it.</param>
    /// <param name="received">Takes each packet, without its length.</param>
    public SftpChannel(SshClient client, Received received)
    {
        (this.client, assembly, session) = (client, new PacketAssembly(received), SshInternals.SessionOf(client));
        session.ChannelOpenConfirmationReceived += (_, e) => Opened(e.Message);
        session.ChannelOpenFailureReceived += (_, e) => Lose(new SftpLostException($"The server refused a channel: {Plain.Text(e.Message.Description)}"));
        session.ChannelSuccessReceived += (_, _) => running.TrySetResult();
        session.ChannelFailureReceived += (_, _) => Lose(new SftpLostException("The server does not offer SFTP to this user."));
        session.ChannelWindowAdjustReceived += (_, e) =>
        {
            window.Widen(e.Message.BytesToAdd);
            Heard?.Invoke();
        };
        session.ChannelDataReceived += (_, e) => Take(e.Message.Data.AsSpan(e.Message.Offset, e.Message.Size));
        session.ChannelCloseReceived += (_, _) => Lose(new SftpLostException("The server ended the SFTP session."));
        session.ErrorOccured += (_, e) => Lose(new SftpLostException($"The connection was lost: {Plain.Text(e.Exception.Message)}", e.Exception));
        session.Disconnected += (_, _) => Lose(new SftpLostException("The connection was lost."));
    }

    /// <summary>Something came: an answer, or room for more.</summary>
    public event Action? Heard;

    /// <summary>Comes once. Nothing is received after it.</summary>
    public event Action<SftpLostException>? Lost;

    public async Task Start(CancellationToken cancel)
    {
        SendMessage(new ChannelOpenMessage(Number, Window, LargestPacket, new SessionChannel()));
        await running.Task.WaitAsync(cancel);
        _ = Task.Run(SendAll, CancellationToken.None);
    }

    /// <summary>Sends a packet when those before it are sent. Releases it.</summary>
    public void Send(SftpPacket packet)
    {
        if (!outgoing.Writer.TryWrite(packet))
        {
            packet.Release();
        }
    }

    public void Lose(SftpLostException loss)
    {
        if (Interlocked.CompareExchange(ref lost, loss, null) is null)
        {
            running.TrySetException(loss);
            outgoing.Writer.TryComplete();
            window.Close(loss);
            Lost?.Invoke(loss);
            // Not on the receiving thread, whose end it waits for. It also frees whoever is stuck in sending to a server that takes nothing.
            _ = Task.Run(client.Dispose);
        }
    }

    public void Dispose() => Lose(new SftpLostException("The connection was closed."));

    private async Task SendAll()
    {
        await foreach (var packet in outgoing.Reader.ReadAllAsync())
        {
            try
            {
                for (var at = 0; at < packet.Length && lost is null;)
                {
                    var size = await window.Take(packet.Length - at);
                    SendMessage(new ChannelDataMessage(remoteNumber, packet.Buffer, at, size));
                    at += size;
                }
            }
            catch (Exception broken)
            {
                // What is left is only released.
                Lose(broken as SftpLostException ?? new SftpLostException($"The connection was lost: {Plain.Text(broken.Message)}", broken));
            }
            finally
            {
                packet.Release();
            }
        }
    }

    private void Opened(ChannelOpenConfirmationMessage confirmation)
    {
        remoteNumber = confirmation.RemoteChannelNumber;
        window.Start(confirmation.InitialWindowSize, Math.Min(confirmation.MaximumPacketSize, LargestPacket / 2));
        Later(() => SendMessage(new ChannelRequestMessage(remoteNumber, new SftpSubsystem())));
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        if (lost is not null)
        {
            return;
        }

        Heard?.Invoke();
        try
        {
            assembly.Add(bytes);
        }
        catch (SftpLostException nonsense)
        {
            Lose(nonsense);
            return;
        }

        unreturned += (uint)bytes.Length;
        if (unreturned > Window / 2)
        {
            var due = unreturned;
            unreturned = 0;
            Later(() => SendMessage(new ChannelWindowAdjustMessage(remoteNumber, due)));
        }
    }

    private void SendMessage(Message message)
    {
        try
        {
            SshInternals.Send(session, message);
        }
        catch (Exception broken) when (broken is SshException or System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            Lose(new SftpLostException($"The connection was lost: {Plain.Text(broken.Message)}", broken));
            throw lost!;
        }
    }

    // The receiving thread must never send: while new keys are agreed on, sending waits for what only that thread can receive.
    private static void Later(Action action) => _ = Task.Run(() =>
    {
        try
        {
            action();
        }
        catch (SftpLostException)
        {
            // Everybody has been told.
        }
    });
}
