using System.Collections.Concurrent;

namespace MedicineMan.EndToEnd.Tests.Fixtures;

/// Looks at the arguments and the environment of every process on the machine, over and over, as a curious neighbour with root would.
internal sealed class ProcessWatch : IAsyncDisposable
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<string, byte> seen = new();
    private readonly CancellationTokenSource over = new();
    private readonly Task watching;

    public ProcessWatch(IReadOnlyList<string> wanted) => watching = Task.Run(() => Watch(wanted));

    public int Samples { get; private set; }

    /// Where a wanted word stood.
    public IReadOnlyCollection<string> Seen => [.. seen.Keys];

    public async ValueTask DisposeAsync()
    {
        await over.CancelAsync();
        await watching;
        over.Dispose();
    }

    private async Task Watch(IReadOnlyList<string> wanted)
    {
        while (!over.IsCancellationRequested)
        {
            foreach (var process in Directory.EnumerateDirectories("/proc").Where(folder => char.IsAsciiDigit(folder[^1])))
            {
                foreach (var text in new[] { Read(process, "cmdline"), Read(process, "environ") })
                {
                    foreach (var word in wanted.Where(word => text.Contains(word, StringComparison.Ordinal)))
                    {
                        seen.TryAdd($"{word} in process {Read(process, "cmdline").Replace('\0', ' ')}", 0);
                    }
                }
            }

            Samples++;
            await Task.Delay(Between, CancellationToken.None);
        }
    }

    private static string Read(string process, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, file));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // It ended while we looked, or is not ours to look at.
            return "";
        }
    }
}
