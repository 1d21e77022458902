using System.Collections.Concurrent;
using System.IO.Pipelines;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Jobs;

namespace MedicineMan.Sdk.Testing;

/// <summary>A dump kept in memory: write it, read it back. Like the host, it holds nothing of a stream whose writing failed.</summary>
public sealed class MemoryDump : IDumpWriter, IDumpReader, IProgress<JobProgress>
{
    private readonly ConcurrentDictionary<string, byte[]> streams = new();
    private readonly ConcurrentQueue<string> lines = new();
    private readonly ConcurrentQueue<JobProgress> reports = new();

    /// <summary>Paths of the stored streams, segments joined by U+2044 (⁄) because they can hold any other character.</summary>
    public IReadOnlyList<string> Paths => [.. streams.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Log lines so far.</summary>
    public IReadOnlyList<string> Lines => [.. lines];

    /// <summary>Progress reports so far.</summary>
    public IReadOnlyList<JobProgress> Reports => [.. reports];

    /// <summary>Called before each read from a stream that is being stored, for tests that do something in the middle of it.</summary>
    public Func<IReadOnlyList<string>, long, Task>? OnWriting { get; set; }

    /// <summary>Called before a stream is opened for reading.</summary>
    public Func<IReadOnlyList<string>, Task>? OnOpening { get; set; }

    /// <inheritdoc/>
    public IProgress<JobProgress> Progress => this;

    /// <summary>The bytes of one stream.</summary>
    public ReadOnlyMemory<byte> this[params string[] path] => streams[Key(path)];

    /// <summary>Puts a stream in, or replaces it.</summary>
    public void Put(IReadOnlyList<string> path, byte[] content) => streams[Key(path)] = content;

    /// <inheritdoc/>
    public async Task WriteAsync(IReadOnlyList<string> path, PipeReader content, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(content);
        using var stored = new MemoryStream();
        try
        {
            while (true)
            {
                if (OnWriting is { } happens)
                {
                    await happens(path, stored.Length).ConfigureAwait(false);
                }

                var read = await content.ReadAsync(cancel).ConfigureAwait(false);
                foreach (var segment in read.Buffer)
                {
                    stored.Write(segment.Span);
                }

                content.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }
        }
        finally
        {
            await content.CompleteAsync().ConfigureAwait(false);
        }

        if (!streams.TryAdd(Key(path), stored.ToArray()))
        {
            throw new InvalidOperationException($"The stream {Key(path)} was written twice.");
        }
    }

    /// <inheritdoc/>
    public async ValueTask<PipeReader> OpenAsync(IReadOnlyList<string> path, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (OnOpening is { } happens)
        {
            await happens(path).ConfigureAwait(false);
        }

        cancel.ThrowIfCancellationRequested();
        return streams.TryGetValue(Key(path), out var content)
            ? PipeReader.Create(new MemoryStream(content, writable: false))
            : throw new UserFacingException($"The dump has no stream {string.Join('/', path)}.");
    }

    /// <inheritdoc/>
    public void Log(string message) => lines.Enqueue(message);

    /// <inheritdoc/>
    public void Report(JobProgress value) => reports.Enqueue(value);

    private static string Key(IReadOnlyList<string> path) => string.Join('\u2044', path);
}
