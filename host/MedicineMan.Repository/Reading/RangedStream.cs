using System.IO.Pipelines;

namespace MedicineMan.Repository.Reading;

/// <summary>
/// A sequence of bytes of known length as a stream that can be read from anywhere. Read on, it is fetched ahead; after a seek it starts anew there, and
/// nothing before is produced.
/// </summary>
/// <param name="length">How many bytes there are.</param>
/// <param name="copy">Gives a stretch of them to a sink, in order.</param>
/// <param name="cancel">Ends it, whoever reads.</param>
internal sealed class RangedStream(
    long length, Func<ByteRange, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask>, CancellationToken, Task> copy, CancellationToken cancel) : Stream
{
    private long position;
    private Fetch? fetch;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            position = value;
        }
    }

    public override long Seek(long offset, SeekOrigin origin) =>
        Position = offset + origin switch { SeekOrigin.Begin => 0, SeekOrigin.Current => position, _ => length };

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length == 0 || position >= length)
        {
            return 0;
        }

        if (fetch is null || fetch.Position != position)
        {
            await StopFetching();
            fetch = new Fetch(position, length, copy, cancel);
        }

        var read = await fetch.Read(buffer, cancellationToken);
        position += read;
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count)
    {
        if (count == 0 || position >= length)
        {
            return 0;
        }

        if (fetch?.Position != position)
        {
            fetch?.Cancel();
            fetch = new Fetch(position, length, copy, cancel);
        }

        var read = fetch.Read(buffer.AsSpan(offset, count));
        position += read;
        return read;
    }

    public override async ValueTask DisposeAsync()
    {
        await StopFetching();
        await base.DisposeAsync();
    }

    public override void Flush()
    {
    }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        fetch?.Cancel();
        base.Dispose(disposing);
    }

    private async ValueTask StopFetching()
    {
        if (fetch is { } old)
        {
            fetch = null;
            await old.DisposeAsync();
        }
    }

    private sealed class Fetch : IAsyncDisposable
    {
        private readonly Pipe pipe = new();
        private readonly CancellationTokenSource stop;
        private readonly Task pumping;
        private readonly Stream reader;

        public Fetch(
            long from, long length, Func<ByteRange, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask>, CancellationToken, Task> copy, CancellationToken cancel)
        {
            Position = from;
            stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            reader = pipe.Reader.AsStream();
            pumping = Pump(new ByteRange(from, length - from), copy);
        }

        public long Position { get; private set; }

        public async ValueTask<int> Read(Memory<byte> buffer, CancellationToken cancel)
        {
            var read = await reader.ReadAsync(buffer, cancel);
            Position += read;
            return read;
        }

        public int Read(Span<byte> buffer)
        {
            var read = reader.Read(buffer);
            Position += read;
            return read;
        }

        public void Cancel() => stop.Cancel();

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await reader.DisposeAsync();
            await pumping;
            stop.Dispose();
        }

        private async Task Pump(ByteRange range, Func<ByteRange, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask>, CancellationToken, Task> copy)
        {
            try
            {
                await copy(range, async (bytes, token) => await pipe.Writer.WriteAsync(bytes, token), stop.Token);
                await pipe.Writer.CompleteAsync();
            }
            catch (Exception failure)
            {
                // Reaches whoever reads, as the failure of their next read.
                await pipe.Writer.CompleteAsync(failure);
            }
        }
    }
}
