using Spectre.Console;

namespace MedicineMan.Host.Cli.Repository;

/// <summary>A line on the terminal while a command works: how much, how fast, and, where the total is known, how long still. Silent elsewhere.</summary>
internal sealed class ProgressLine : IAsyncDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(250);

    // Whoever was promised a month need not know it to the hour.
    private const double MostShown = 30 * 86400;

    private readonly CancellationTokenSource done = new();
    private readonly Task showing;

    private ProgressLine(string title, Func<long> bytes, Func<CancellationToken, Task<long>>? measure) =>
        showing = Draw(context => Follow(title, context.AddTask(title), bytes, measure));

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

    /// <summary>Keeps lines on the terminal, and takes them away at the end.</summary>
    /// <param name="follow">Adds them and keeps them up to date with <see cref="Set"/>, until there is no more to show.</param>
    public static Task Draw(Func<ProgressContext, Task> follow) => AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) })
        .Progress()
        .AutoClear(true)
        .Columns(new TaskDescriptionColumn(), new ProgressBarColumn())
        .StartAsync(follow);

    /// <summary>Shows how far something is: how much, of how much, how fast and how long still, as far as that is known.</summary>
    /// <param name="line">Where.</param>
    /// <param name="title">What it is.</param>
    /// <param name="now">How much is done.</param>
    /// <param name="total">How much there is; 0 as long as nobody knows.</param>
    /// <param name="amount">How so much is called; bytes unless somebody says otherwise.</param>
    public static void Set(ProgressTask line, string title, long now, long total, Func<double, string>? amount = null)
    {
        amount ??= Answer.Size;
        line.IsIndeterminate = total == 0;
        // Files grow while they are read.
        line.MaxValue = Math.Max(1, Math.Max(now, total));
        line.Value = now;
        // What comes in the first instant says nothing of how it goes on.
        var speed = line.ElapsedTime > Beat ? line.Speed ?? 0 : 0;
        var (of, rate, left) = (total > 0 ? $" of {amount(line.MaxValue)}" : "", speed > 0 ? $", {amount(speed)}/s" : "", "");
        if (total > 0 && speed > 0)
        {
            var time = TimeSpan.FromSeconds(Math.Min((line.MaxValue - now) / speed, MostShown));
            left = FormattableString.Invariant($", {(int)time.TotalHours:00}:{time:mm\\:ss} left");
        }

        line.Description = Markup.Escape($"{title} {amount(now)}{of}{rate}{left}");
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
                Set(line, title, bytes(), measuring is { IsCompletedSuccessfully: true } ? await measuring : 0);
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
