using Spectre.Console;

namespace MedicineMan.Host.Cli.Repository;

/// <summary>A line on the terminal while a command works: how much, how fast, and, where the total is known, how long still. Silent elsewhere.</summary>
internal sealed class ProgressLine : IAsyncDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource done = new();
    private readonly Task showing;

    private ProgressLine(string title, Func<long> bytes, Func<CancellationToken, Task<long>>? measure) =>
        showing = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) })
            .Progress()
            .AutoClear(true)
            .Columns([new TaskDescriptionColumn(), new ProgressBarColumn(), .. measure is null ? (ProgressColumn[])[] : [new RemainingTimeColumn()]])
            .StartAsync(context => Follow(title, context.AddTask(title), bytes, measure));

    /// <summary>Starts the line; disposing ends it.</summary>
    /// <param name="answer">Silent when it speaks JSON.</param>
    /// <param name="title">What is being done.</param>
    /// <param name="bytes">How far it is.</param>
    /// <param name="measure">Finds out meanwhile how much there is; null when nobody can know.</param>
    /// <param name="isSilent">True when the command says something else all the time.</param>
    public static IAsyncDisposable Show(Answer answer, string title, Func<long> bytes, Func<CancellationToken, Task<long>>? measure, bool isSilent = false) =>
        isSilent || answer.IsJson || Console.IsErrorRedirected ? new Silence() : new ProgressLine(title, bytes, measure);

    public async ValueTask DisposeAsync()
    {
        await done.CancelAsync();
        await showing;
        done.Dispose();
    }

    private async Task Follow(string title, ProgressTask line, Func<long> bytes, Func<CancellationToken, Task<long>>? measure)
    {
        line.IsIndeterminate = true;
        var measuring = measure?.Invoke(done.Token);
        using var timer = new PeriodicTimer(Beat);
        try
        {
            while (await timer.WaitForNextTickAsync(done.Token))
            {
                var (now, of) = (bytes(), "");
                if (measuring is { IsCompletedSuccessfully: true } && await measuring is > 0 and var total)
                {
                    // Files grow while they are read.
                    line.MaxValue = Math.Max(now, total);
                    line.IsIndeterminate = false;
                    of = $" of {Answer.Size(line.MaxValue)}";
                }
                else
                {
                    line.MaxValue = Math.Max(1, now);
                }

                line.Value = now;
                line.Description = Markup.Escape($"{title} {Answer.Size(now)}{of}{(line.Speed is { } speed ? $", {Answer.Size(speed)}/s" : "")}");
            }
        }
        catch (OperationCanceledException)
        {
            // The work is done.
        }
    }

    private sealed class Silence : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
