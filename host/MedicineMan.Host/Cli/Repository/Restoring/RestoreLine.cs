using System.Diagnostics;
using MedicineMan.Repository.Restoring;
using Spectre.Console;

namespace MedicineMan.Host.Cli.Repository.Restoring;

/// <summary>How far a restore is, how fast, and how long still: a line on the terminal, or with JSON one document a second on the error stream.</summary>
internal sealed class RestoreLine : IProgress<RestoreProgress>, IAsyncDisposable
{
    private static readonly TimeSpan TerminalBeat = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan JsonBeat = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource done = new();
    private readonly Lock gate = new();
    private readonly Task showing;
    private RestoreProgress latest;

    private RestoreLine(Answer answer)
    {
        IsShown = answer.IsJson || !Console.IsErrorRedirected;
        showing = answer.IsJson ? FollowInJson(answer) : IsShown ? ProgressLine.Draw(Follow) : Task.CompletedTask;
    }

    /// <summary>Itself; null when nobody watches, so that nothing is counted in vain.</summary>
    public IProgress<RestoreProgress>? Watched => IsShown ? this : null;

    private bool IsShown { get; }

    private RestoreProgress Latest
    {
        get
        {
            lock (gate)
            {
                return latest;
            }
        }
    }

    public static RestoreLine Show(Answer answer) => new(answer);

    public void Report(RestoreProgress value)
    {
        lock (gate)
        {
            latest = value;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await done.CancelAsync();
        await showing;
        done.Dispose();
    }

    private async Task Follow(ProgressContext context)
    {
        const string Title = "Restoring";
        var line = context.AddTask(Title);
        line.IsIndeterminate = true;
        await EachBeat(TerminalBeat, () =>
        {
            var now = Latest;
            ProgressLine.Set(line, Title, now.Bytes, now.TotalBytes);
        });
    }

    private Task FollowInJson(Answer answer)
    {
        var clock = Stopwatch.StartNew();
        return EachBeat(JsonBeat, () =>
        {
            var now = Latest;
            var seconds = clock.Elapsed.TotalSeconds;
            var rate = now.Bytes / seconds;
            answer.Status(new
            {
                status = "restoring", now.Files, now.Bytes, now.TotalFiles, now.TotalBytes, secondsElapsed = (long)seconds, bytesPerSecond = (long)rate,
                secondsLeft = now.TotalBytes > 0 && rate > 0 ? (long?)((now.TotalBytes - now.Bytes) / rate) : null,
            });
        });
    }

    private async Task EachBeat(TimeSpan beat, Action show)
    {
        using var timer = new PeriodicTimer(beat);
        try
        {
            while (await timer.WaitForNextTickAsync(done.Token))
            {
                show();
            }
        }
        catch (OperationCanceledException)
        {
            // The work is done.
        }
    }
}
