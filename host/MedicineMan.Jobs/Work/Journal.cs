using System.Text.Json;
using Microsoft.Extensions.Logging;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Work;

/// One run's progress and log lines: thinned out, written in batches behind the handler's back, fenced like everything else.
internal sealed partial class Journal(
    IJobDatabase database, JobChanges changes, JobWorkerOptions options, TimeProvider time, ILogger logger, ClaimedJob job) : IDisposable
{
    private const int MostMessageLength = 4_000;

    private const string ProgressSql = """
        update jobs set progress = coalesce(@progress, progress)
        where id = @Id and organization_id = @Organization and lease_token = @Token and state = 'running'
        """;

    private readonly string linesSql = $"""
        insert into job_log (organization_id, job_id, attempt, written_at, message)
        select @Organization, @Id, @Attempt, at, text from {Statements.Items(database.Dialect, "at bigint", "text text")}
        """;

    private readonly Lock gate = new();
    private readonly CancellationTokenSource closing = new();
    private readonly List<Line> lines = [];
    private JobProgress? progress;
    private int logged;
    private Task? writing;

    public void Report(JobProgress now)
    {
        lock (gate)
        {
            progress = now;
            Begin();
        }
    }

    public void Log(string message)
    {
        lock (gate)
        {
            if (++logged <= options.LogLines)
            {
                lines.Add(new(time.GetUtcNow().Milliseconds(), JobText.Clean(message, MostMessageLength)));
            }
            else if (logged == options.LogLines + 1)
            {
                lines.Add(new(time.GetUtcNow().Milliseconds(), $"This attempt logged more than {options.LogLines} lines; further lines are not kept."));
            }

            Begin();
        }
    }

    /// Writes what is left. What a handler reports after this comes from one that was abandoned, and is dropped.
    public async Task Close()
    {
        Task? last;
        lock (gate)
        {
            closing.Cancel();
            last = writing;
        }

        if (last is not null)
        {
            await last;
            await TryFlush();
        }
    }

    public void Dispose() => closing.Dispose();

    private void Begin()
    {
        if (!closing.IsCancellationRequested)
        {
            writing ??= Task.Run(Write);
        }
    }

    private async Task Write()
    {
        while (true)
        {
            await TryFlush();
            await Task.Delay(options.ProgressInterval, time, closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            lock (gate)
            {
                if (closing.IsCancellationRequested)
                {
                    return;
                }

                if (progress is null && lines.Count == 0)
                {
                    writing = null;
                    return;
                }
            }
        }
    }

    private async Task TryFlush()
    {
        JobProgress? reported;
        Line[] written;
        lock (gate)
        {
            (reported, written) = (progress, [.. lines]);
        }

        if (reported is null && written.Length == 0)
        {
            return;
        }

        try
        {
            await database.Write(transaction => Flush(transaction, reported, written), CancellationToken.None);
            lock (gate)
            {
                progress = ReferenceEquals(progress, reported) ? null : progress;
                lines.RemoveRange(0, written.Length);
            }
        }
        catch (Exception exception)
        {
            // The lines are kept and written with the next flush; a job does not fail because its log cannot be written.
            Logs.NotWritten(logger, exception, job.Id);
        }
    }

    private async Task<bool> Flush(System.Data.Common.DbTransaction transaction, JobProgress? reported, Line[] written)
    {
        var shown = reported is null ? null : JsonSerializer.Serialize(reported with
        {
            Stage = JobText.Clean(reported.Stage, 200),
            Unit = JobText.Clean(reported.Unit, 50),
            Detail = reported.Detail is null ? null : JobText.Clean(reported.Detail, 500),
        });
        if (await transaction.Run(ProgressSql, new { job.Id, job.Organization, job.Token, progress = shown }, CancellationToken.None) == 0)
        {
            return false;
        }

        if (written.Length > 0)
        {
            await transaction.Run(linesSql, new { job.Id, job.Organization, job.Attempt, rows = Statements.Json(written) }, CancellationToken.None);
        }

        await changes.Announce(transaction, [new(JobSignal.IsChanged, job.Organization, job.Id)], CancellationToken.None);
        return true;
    }

    private sealed record Line(long At, string Text);

    private static partial class Logs
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Progress and log of job {Job} cannot be written now; trying again")]
        public static partial void NotWritten(ILogger logger, Exception exception, string job);
    }
}
