using MedicineMan.Repository;
using Spectre.Console;

namespace MedicineMan.Host.Cli.Repository.Upkeep;

/// <summary>A line on the terminal for work in several steps: how far this one is, how fast, how long still. Silent elsewhere.</summary>
internal sealed class StepLine : IProgress<UpkeepProgress>, IAsyncDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource done = new();
    private readonly Lock gate = new();
    private readonly Task showing;
    private UpkeepProgress latest;

    private StepLine(bool shown) => showing = shown ? ProgressLine.Draw(Follow) : Task.CompletedTask;

    public static StepLine Show(Answer answer) => new(!answer.IsJson && !Console.IsErrorRedirected);

    public void Report(UpkeepProgress value)
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
        using var timer = new PeriodicTimer(Beat);
        ProgressTask? line = null;
        var step = "";
        try
        {
            while (await timer.WaitForNextTickAsync(done.Token))
            {
                UpkeepProgress now;
                lock (gate)
                {
                    now = latest;
                }

                if (now.Step is null)
                {
                    continue;
                }

                if (line is null || step != now.Step)
                {
                    line?.StopTask();
                    line = context.AddTask(step = now.Step, maxValue: Math.Max(1, now.Total));
                }

                ProgressLine.Set(line, now.Step, now.Done, now.Total, now.InBytes ? null : Number);
            }
        }
        catch (OperationCanceledException)
        {
            // The work is done.
        }
    }

    private static string Number(double value) => value.ToString("F0", System.Globalization.CultureInfo.InvariantCulture);
}
