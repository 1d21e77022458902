namespace MedicineMan.Host.Servers.Commands;

/// A command's standard output: first what was read together with the wrapper's mark, then the stream itself. Says when it has been drained.
internal sealed class CommandOutput(ReadOnlyMemory<byte> first, Stream rest) : ReadOnlyStream
{
    private readonly TaskCompletionSource drained = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// Done when the end was read, or the reader does not want any more.
    public Task Drained => drained.Task;

    /// Why the command was ended before its time. An output cut short must never look like a whole one.
    public Exception? Broken { get; set; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (first.Length > 0)
        {
            var taken = Math.Min(first.Length, buffer.Length);
            first[..taken].CopyTo(buffer);
            first = first[taken..];
            return taken;
        }

        int read;
        try
        {
            read = await rest.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception failed) when (Broken is not null && failed is IOException or ObjectDisposedException)
        {
            throw Broken ?? failed;
        }

        if (read == 0 && buffer.Length > 0)
        {
            drained.TrySetResult();
            return Broken is null ? 0 : throw Broken;
        }

        return read;
    }

    protected override void Dispose(bool disposing)
    {
        drained.TrySetResult();
        rest.Dispose();
        base.Dispose(disposing);
    }
}
