using System.Collections.Concurrent;
using System.IO.Pipelines;
using MedicineMan.Sdk.Servers;

namespace MedicineMan.Sdk.Testing.Lent;

/// <summary>Files of a server, in memory.</summary>
public sealed class MemoryFiles : IServerFiles
{
    /// <summary>Contents by absolute path.</summary>
    public ConcurrentDictionary<string, byte[]> Contents { get; } = new(StringComparer.Ordinal);

    internal Action<string> Need { get; init; } = static _ => { };

    /// <inheritdoc/>
    public ValueTask<PipeReader> ReadAsync(string path, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        Need("files:read");
        return Contents.TryGetValue(path, out var content)
            ? ValueTask.FromResult(PipeReader.Create(new MemoryStream(content, writable: false)))
            : throw new UserFacingException($"There is no file {path}.");
    }

    /// <inheritdoc/>
    public async Task WriteAsync(string path, PipeReader content, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(content);
        Need("files:write");
        using var whole = new MemoryStream();
        await content.CopyToAsync(whole, cancel);
        Contents[path] = whole.ToArray();
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<ServerFile>> ListAsync(string path, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(path);
        cancel.ThrowIfCancellationRequested();
        Need("files:read");
        var folder = path.TrimEnd('/') + "/";
        var below = Contents.Where(file => file.Key.StartsWith(folder, StringComparison.Ordinal)).Select(file => (Tail: file.Key[folder.Length..], file.Value.Length));
        return Task.FromResult<IReadOnlyList<ServerFile>>([.. below.GroupBy(file => file.Tail.Split('/')[0]).OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry =>
            entry.First().Tail.Contains('/', StringComparison.Ordinal)
                ? new ServerFile(entry.Key, true, 0, DateTimeOffset.UnixEpoch)
                : new ServerFile(entry.Key, false, entry.First().Length, DateTimeOffset.UnixEpoch))]);
    }
}
