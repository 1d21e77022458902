using System.Diagnostics;
using System.Net;
using MedicineMan.Host.Api;
using MedicineMan.Host.Api.Contract;
using MedicineMan.Host.Cli.Wire;
using MedicineMan.Host.JobScreens;
using MedicineMan.Jobs;
using Spectre.Console;

namespace MedicineMan.Host.Cli.Show;

/// Waits for a job: stage, amount, rate and time left on a terminal, the log for everybody. Ctrl-C cancels the job and waits for its end.
internal sealed class JobWatch(HostClient host, Output output)
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan ForTheEnd = TimeSpan.FromSeconds(25);

    public async Task<JobAnswer> Wait(string job, CancellationToken cancel)
    {
        if (host.InProcess is { } here)
        {
            await Work(here, cancel);
        }

        return output.ShowsProgress && !output.IsJson
            ? await output.Remarks.Progress().AutoClear(true).Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn()).StartAsync(shown => Follow(job, shown, cancel))
            : await Follow(job, null, cancel);
    }

    /// Prints the log from its beginning; with follow until the job ends.
    public async Task Log(string job, bool follow, CancellationToken cancel)
    {
        var after = "0";
        while (true)
        {
            var ended = (await host.Get<JobAnswer>($"jobs/{job}", cancel)).EndedAt is not null;
            ListOf<LogLineAnswer> lines;
            do
            {
                lines = await host.Get<ListOf<LogLineAnswer>>($"jobs/{job}/log?size=200&after={after}", cancel);
                after = lines.Next!;
                foreach (var line in lines.Items)
                {
                    output.Line($"{line.At.ToLocalTime():HH:mm:ss}  {line.Message}");
                }
            }
            while (lines.Items.Count == 200);

            if (ended || !follow)
            {
                return;
            }

            await Task.Delay(Step, cancel);
        }
    }

    private async Task<JobAnswer> Follow(string id, ProgressContext? shown, CancellationToken cancel)
    {
        var (stage, task, clock, from) = ("", (ProgressTask?)null, Stopwatch.StartNew(), 0L);
        using var patience = new CancellationTokenSource();
        var asked = false;
        while (true)
        {
            if (cancel.IsCancellationRequested && !asked)
            {
                asked = true;
                patience.CancelAfter(ForTheEnd);
                await Cancel(id, patience.Token);
            }

            var job = await host.Get<JobAnswer>($"jobs/{id}", patience.Token);
            if (job.EndedAt is not null)
            {
                return job;
            }

            if (shown is not null)
            {
                var at = job.Progress;
                if (task is null || (at is not null && at.Stage != stage))
                {
                    task?.StopTask();
                    (stage, task, from) = (at?.Stage ?? "", shown.AddTask(Markup.Escape(job.Title)), at?.Done ?? 0);
                    clock.Restart();
                }

                Draw(task, job, at, from, clock.Elapsed.TotalSeconds);
            }

            await Task.Delay(Step, asked ? patience.Token : CancellationToken.None);
        }
    }

    private static async Task Work(LocalHost here, CancellationToken cancel)
    {
        try
        {
            await here.Work(cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The job waits in the queue, and is cancelled there.
        }
    }

    private static void Draw(ProgressTask task, JobAnswer job, ProgressAnswer? at, long from, double seconds)
    {
        if (at is null)
        {
            task.IsIndeterminate = true;
            task.Description = Markup.Escape(job.State is JobState.Running ? job.Title : $"{job.Title}: {job.State.Word()}{(job.Error is null ? "" : $" ({job.Error})")}");
            return;
        }

        task.IsIndeterminate = at.Total is null or 0;
        task.MaxValue = Math.Max(at.Total ?? 1, 1);
        task.Value = at.Total is null ? 0 : at.Done;
        var rate = seconds > 1 ? (at.Done - from) / seconds : 0;
        var speed = rate > 0 ? $", {JobView.Amount((long)rate, at.Unit)}/s" : "";
        var left = rate > 0 && at.Total is { } total && total > at.Done ? $", {JobView.Left((total - at.Done) / rate)} left" : "";
        task.Description = Markup.Escape($"{at.Stage}: {JobView.Amount(at.Done, at.Unit)}{speed}{left}");
    }

    private async Task Cancel(string id, CancellationToken cancel)
    {
        output.Remark("Cancelling…");
        try
        {
            await host.Post<JobAnswer>($"jobs/{id}/cancel", null, cancel);
        }
        catch (RefusedException ended) when (ended.Status is HttpStatusCode.Conflict)
        {
            // It ended while we asked.
        }
    }
}
