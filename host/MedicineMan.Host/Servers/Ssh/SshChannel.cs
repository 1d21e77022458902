using System.Buffers.Binary;
using System.Text;
using MedicineMan.Host.Servers.Commands;
using MedicineMan.Sdk.Commands;
using Renci.SshNet.Messages;
using Renci.SshNet.Messages.Connection;

namespace MedicineMan.Host.Servers.Ssh;

/// One command's channel, RFC 4254 5 and 6. New window goes to the server only for what was read here, so a reader that stops
/// stops the command; at most one window is ever buffered.
internal sealed class SshChannel(SshSession session, uint number, string line) : IShellProcess
{
    // 4 MiB keep 100 MB/s busy at 40 ms of latency. SSH.NET refuses packets over 68536 bytes.
    private const uint Window = 4 * 1024 * 1024;
    private const uint LargestPacket = 64 * 1024;
    private static readonly string[] Signals =
        ["", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM"];

    private readonly Lock gate = new();

    // Held while something is sent, and never by the receiving thread: sending may wait for what only that one can receive.
    private readonly Lock sending = new();
    private readonly ChannelPipe output = new();
    private readonly ChannelPipe errors = new();
    private readonly TaskCompletionSource running = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<int> exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource moreWindow = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private uint remoteNumber;
    private uint remoteWindow;
    private uint remotePacket;
    private long buffered;
    private long unreturned;
    private bool opened;
    private bool unwanted;
    private bool endSent;
    private bool closeSent;

    public uint Number => number;

    public Task Running => running.Task;

    /// Done when the channel no longer takes a place at the server.
    public Task Gone => closed.Task;

    public Task<int> Exit => exit.Task;

    public Stream Input => field ??= new ChannelInput(this);

    public Stream Output => field ??= new ChannelOutput(output, Consumed, Dropped);

    public Stream Errors => field ??= new ChannelOutput(errors, Consumed, Dropped);

    public void Begin() => session.Send(new ChannelOpenMessage(number, Window, LargestPacket, new SessionChannel()));

    public void Opened(ChannelOpenConfirmationMessage confirmation)
    {
        bool wanted;
        lock (gate)
        {
            (remoteNumber, remoteWindow, remotePacket, opened, wanted) =
                (confirmation.RemoteChannelNumber, confirmation.InitialWindowSize, confirmation.MaximumPacketSize, true, !unwanted);
        }

        Later(wanted ? () => Send(new ChannelRequestMessage(remoteNumber, new ExecRequest(line))) : Close);
    }

    public void Started() => running.TrySetResult();

    public void Refused(string why)
    {
        Lost(new CommandException($"{session.Server} cannot be used: {why}."));
        Later(Close);
    }

    public void WindowOpened(uint bytes)
    {
        TaskCompletionSource waiting;
        lock (gate)
        {
            remoteWindow += bytes;
            (waiting, moreWindow) = (moreWindow, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        waiting.TrySetResult();
    }

    public void Received(ReadOnlySpan<byte> bytes, bool error)
    {
        if (Interlocked.Add(ref buffered, bytes.Length) > 2 * Window)
        {
            Lost(new CommandException($"{session.Server} sent more than it was allowed to; the command was given up."));
            Later(Close);
            return;
        }

        if (!(error ? errors : output).Write(bytes))
        {
            var dropped = bytes.Length;
            Later(() => Consumed(dropped));
        }
    }

    public void Ended()
    {
        output.Complete(null);
        errors.Complete(null);
    }

    public void Requested(string name, byte[] data)
    {
        var body = data.AsSpan(1);
        if (name == "exit-status" && body.Length >= 4)
        {
            exit.TrySetResult((int)BinaryPrimitives.ReadUInt32BigEndian(body));
        }
        else if (name == "exit-signal" && body.Length >= 4 && BinaryPrimitives.ReadUInt32BigEndian(body) is var length && length <= body.Length - 4)
        {
            exit.TrySetResult(128 + Math.Max(0, Array.IndexOf(Signals, Encoding.ASCII.GetString(body.Slice(4, (int)length)))));
        }
    }

    public void Closed()
    {
        // A channel closed without an exit status means that nobody knows how the command ended: never take that for success.
        var unknown = new CommandException($"The connection to {session.Server} was closed before the command's exit status arrived.");
        exit.TrySetException(unknown);
        var known = exit.Task.IsCompletedSuccessfully ? null : unknown;
        output.Complete(known);
        errors.Complete(known);
        running.TrySetException(unknown);
        closed.TrySetResult();
        WindowOpened(0);
        session.Forget(this);
        Later(Close);
    }

    public void Lost(CommandException loss)
    {
        running.TrySetException(loss);
        exit.TrySetException(loss);
        _ = exit.Task.Exception;
        output.Complete(loss);
        errors.Complete(loss);
        closed.TrySetResult();
        WindowOpened(0);
        session.Forget(this);
    }

    public async ValueTask Write(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        while (bytes.Length > 0)
        {
            Task waiting;
            int size;
            lock (gate)
            {
                if (closed.Task.IsCompleted || endSent)
                {
                    throw new IOException("The command takes no more input.");
                }

                size = (int)Math.Min(Math.Min(remoteWindow, Math.Min(remotePacket, LargestPacket / 2)), (uint)bytes.Length);
                remoteWindow -= (uint)size;
                waiting = moreWindow.Task;
            }

            if (size == 0)
            {
                await waiting.WaitAsync(cancel);
                continue;
            }

            if (!Send(new ChannelDataMessage(remoteNumber, bytes[..size].ToArray(), 0, size)))
            {
                throw new IOException("The command takes no more input.");
            }

            bytes = bytes[size..];
        }
    }

    public void EndInput()
    {
        lock (gate)
        {
            if (!opened || endSent || closed.Task.IsCompleted)
            {
                return;
            }

            endSent = true;
        }

        Send(new ChannelEofMessage(remoteNumber));
    }

    public async ValueTask DisposeAsync()
    {
        await Output.DisposeAsync();
        await Errors.DisposeAsync();
        Later(Close);
        await closed.Task.WaitAsync(TimeSpan.FromSeconds(2)).ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    private void Close()
    {
        lock (gate)
        {
            unwanted = true;
            if (!opened)
            {
                return;
            }
        }

        Send(new ChannelCloseMessage(remoteNumber), last: true);
    }

    // Nothing may follow the close: the server forgets the channel then, and gives its number to the next one. What is sent to a number
    // that it does not know, sshd answers by cutting the connection, and with it every other command.
    private bool Send(Message message, bool last = false)
    {
        lock (sending)
        {
            if (closeSent)
            {
                return false;
            }

            closeSent = last;
            session.Send(message);
            return true;
        }
    }

    // What lies unread is given back as window, so that a command whose output nobody wants can run to its end.
    private void Dropped() => Later(() => Consumed((int)Interlocked.Read(ref buffered)));

    private void Consumed(int bytes)
    {
        Interlocked.Add(ref buffered, -bytes);
        var due = Interlocked.Add(ref unreturned, bytes);
        if (due >= Window / 4 && !closed.Task.IsCompleted && Interlocked.CompareExchange(ref unreturned, 0, due) == due)
        {
            Send(new ChannelWindowAdjustMessage(remoteNumber, (uint)due));
        }
    }

    // The receiving thread must never send: while new keys are agreed on, sending waits for what only that thread can receive.
    private static void Later(Action action) => _ = Task.Run(() =>
    {
        try
        {
            action();
        }
        catch (CommandException)
        {
            // The session has told every channel already.
        }
    });
}
