using System.Buffers;
using System.IO.Pipelines;

namespace MedicineMan.Host.Servers.Ssh;

/// One direction of a channel between the receiving thread and a reader. Bounded by the channel's window, not by itself.
internal sealed class ChannelPipe
{
    private readonly Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 0, minimumSegmentSize: 64 * 1024, useSynchronizationContext: false));
    private readonly Lock gate = new();
    private bool writing = true;

    public PipeReader Reader => pipe.Reader;

    /// <returns>False when nobody will read it.</returns>
    public bool Write(ReadOnlySpan<byte> bytes)
    {
        lock (gate)
        {
            if (!writing)
            {
                return false;
            }

            pipe.Writer.Write(bytes);
            _ = pipe.Writer.FlushAsync().AsTask();
            return true;
        }
    }

    public void Complete(Exception? failure)
    {
        lock (gate)
        {
            if (writing)
            {
                writing = false;
                pipe.Writer.Complete(failure);
            }
        }
    }
}

/// Reads a channel's output and gives the window back for what was read.
internal sealed class ChannelOutput(ChannelPipe pipe, Action<int> consumed, Action dropped) : Commands.ReadOnlyStream
{
    private volatile bool disposed;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(disposed, this);

        var read = await pipe.Reader.ReadAsync(cancellationToken);
        var taken = (int)Math.Min(read.Buffer.Length, buffer.Length);
        var slice = read.Buffer.Slice(0, taken);
        slice.CopyTo(buffer.Span);
        pipe.Reader.AdvanceTo(slice.End);
        if (taken > 0)
        {
            consumed(taken);
        }

        return taken;
    }

    protected override void Dispose(bool disposing)
    {
        if (!disposed)
        {
            disposed = true;
            // A reader that still waits is woken by the end; completing the reader under it would be an error.
            pipe.Complete(null);
            pipe.Reader.CancelPendingRead();
            dropped();
        }

        base.Dispose(disposing);
    }
}

/// Writes a channel's input; closing it is the end of the command's standard input.
internal sealed class ChannelInput(SshChannel channel) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => channel.Write(buffer, cancellationToken);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        channel.Write(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        channel.EndInput();
        base.Dispose(disposing);
    }
}
