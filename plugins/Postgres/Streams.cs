using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Commands;

namespace MedicineMan.Plugins.Postgres;

/// Bytes between a client program and the host, in bounded memory. A stream ends well only after its program has.
internal static class Streams
{
    private static readonly PipeOptions Bounds =
        new(pauseWriterThreshold: 2 << 20, resumeWriterThreshold: 1 << 20, minimumSegmentSize: 128 << 10, useSynchronizationContext: false);

    /// Gives the host one stream. If producing it fails, the host sees the failure and not an end of stream.
    public static async Task Write(IDumpWriter dump, IReadOnlyList<string> path, Func<PipeWriter, CancellationToken, Task> produce, CancellationToken cancel)
    {
        var pipe = new Pipe(Bounds);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var storing = Store();
        try
        {
            await produce(pipe.Writer, stop.Token);
        }
        catch (Exception failure)
        {
            await pipe.Writer.CompleteAsync(failure);
            await Task.WhenAny(storing);
            if (stop.IsCancellationRequested && !cancel.IsCancellationRequested)
            {
                // The host refused the stream, and that ended the producing; its reason is the one to show.
                await storing;
            }

            throw;
        }

        await pipe.Writer.CompleteAsync();
        await storing;

        async Task Store()
        {
            try
            {
                await dump.WriteAsync(path, pipe.Reader, cancel);
            }
            catch
            {
                await stop.CancelAsync();
                throw;
            }
        }
    }

    /// Gives a running psql statements. If it has ended before it read them, its exit says why, and whoever reads its output finds that.
    public static async Task Say(ICommand psql, string script, bool last, CancellationToken cancel)
    {
        try
        {
            await psql.StandardInput.WriteAsync(Encoding.UTF8.GetBytes(script), cancel);
            if (last)
            {
                await psql.StandardInput.CompleteAsync();
            }
        }
        catch (Exception broken) when (broken is IOException or CommandException)
        {
            // Told by the exit, as said above.
            return;
        }
    }

    /// Passes on everything a running program prints, counting its rows; returns when the program has ended.
    public static async Task<CommandExit> Drain(ICommand command, PipeWriter? to, RowChecksum? rows, Action<long>? passed, CancellationToken cancel)
    {
        while (true)
        {
            var read = await command.StandardOutput.ReadAsync(cancel);
            rows?.Append(read.Buffer);
            if (to is not null)
            {
                foreach (var segment in read.Buffer)
                {
                    to.Write(segment.Span);
                }
            }

            passed?.Invoke(read.Buffer.Length);
            command.StandardOutput.AdvanceTo(read.Buffer.End);
            if (to is not null && (await to.FlushAsync(cancel)).IsCompleted)
            {
                throw new OperationCanceledException("The stream is no longer wanted.");
            }

            if (read.IsCompleted)
            {
                return await command.Completion;
            }
        }
    }

    /// Feeds a stream to a running program and collects the little it prints; returns when the program has ended.
    public static async Task<CommandText> Feed(ICommand command, PipeReader content, Action<long>? passed, CancellationToken cancel)
    {
        var printed = new RememberedOutput();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var feeding = Pour(content, command.StandardInput, passed, stop.Token);
        var ending = printed.Read(command, stop.Token);
        if (await Task.WhenAny(feeding, ending) == feeding && !feeding.IsCompletedSuccessfully)
        {
            // A broken source ends the program by its disposal: closing its input as if the stream were whole would commit a part.
            await feeding;
        }

        var exit = await ending;
        // A program may end without having read all, such as pg_restore -l; its exit code tells whether that was right.
        await stop.CancelAsync();
        await Task.WhenAny(feeding);
        await content.CompleteAsync();
        return new CommandText(printed.Text, exit);
    }

    private static async Task Pour(PipeReader from, PipeWriter to, Action<long>? passed, CancellationToken cancel)
    {
        while (true)
        {
            var read = await from.ReadAsync(cancel);
            var ended = false;
            try
            {
                foreach (var segment in read.Buffer)
                {
                    ended |= (await to.WriteAsync(segment, cancel)).IsCompleted;
                }
            }
            catch (Exception broken) when (broken is IOException or CommandException)
            {
                // The program went away; its exit code says why.
                return;
            }

            passed?.Invoke(read.Buffer.Length);
            from.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted || ended)
            {
                await to.CompleteAsync();
                return;
            }
        }
    }

    private sealed class RememberedOutput
    {
        private const int Most = 16 << 20;
        private readonly ArrayBufferWriter<byte> bytes = new();

        public string Text => Encoding.UTF8.GetString(bytes.WrittenSpan);

        public async Task<CommandExit> Read(ICommand command, CancellationToken cancel)
        {
            while (true)
            {
                var read = await command.StandardOutput.ReadAsync(cancel);
                foreach (var segment in read.Buffer)
                {
                    bytes.Write(bytes.WrittenCount + segment.Length > Most ? throw new CommandException($"A program printed more than {Most} bytes.") : segment.Span);
                }

                command.StandardOutput.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return await command.Completion;
                }
            }
        }
    }
}
