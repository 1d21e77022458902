using System.Diagnostics;
using MedicineMan.Repository;
using MedicineMan.Repository.Sources;

namespace MedicineMan.Host.Cli.Repository.Backup;

/// <summary>How far a backup is, each second, for programs: documents with the names that restic's have.</summary>
internal sealed class StatusLines : IAsyncDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource done = new();
    private readonly Task showing;

    private StatusLines(Answer answer, SnapshotSession session, Func<CancellationToken, Task<SourceSize>>? measure) => showing = Follow(answer, session, measure);

    public static IAsyncDisposable Show(Answer answer, SnapshotSession session, Func<CancellationToken, Task<SourceSize>>? measure) => new StatusLines(answer, session, measure);

    public async ValueTask DisposeAsync()
    {
        await done.CancelAsync();
        await showing;
        done.Dispose();
    }

    private async Task Follow(Answer answer, SnapshotSession session, Func<CancellationToken, Task<SourceSize>>? measure)
    {
        var clock = Stopwatch.StartNew();
        var measuring = measure?.Invoke(done.Token);
        using var timer = new PeriodicTimer(Beat);
        try
        {
            while (await timer.WaitForNextTickAsync(done.Token))
            {
                var total = measuring is { IsCompletedSuccessfully: true } ? await measuring : default;
                answer.Say("", Document(session.Statistics, total, clock.Elapsed));
            }
        }
        catch (OperationCanceledException)
        {
            // The work is done.
        }
    }

    private static object Document(BackupStatistics now, SourceSize total, TimeSpan elapsed) => new
    {
        message_type = "status",
        seconds_elapsed = (long)elapsed.TotalSeconds,
        seconds_remaining = now.BytesRead > 0 && total.Bytes > now.BytesRead ? (long)(elapsed.TotalSeconds / now.BytesRead * (total.Bytes - now.BytesRead)) : 0,
        percent_done = total.Bytes > 0 ? Math.Min(1, (double)now.BytesRead / total.Bytes) : 0,
        total_files = total.Files,
        files_done = now.Files,
        total_bytes = total.Bytes,
        bytes_done = now.BytesRead,
    };
}
