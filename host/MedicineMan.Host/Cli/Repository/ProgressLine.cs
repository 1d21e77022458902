using Spectre.Console;

namespace MedicineMan.Host.Cli.Repository;

/// <summary>A line on the terminal while a command works: how much, how fast, and, where the total is known, how long still. Silent elsewhere.</summary>
internal sealed class ProgressLine : IAsyncDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource done = new();
    private readonly Task showing;

    private ProgressLine(string title, Func<long> bytes, IReadOnlyList<string>? sources) =>
        showing = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) })
            .Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new DownloadedColumn(), new TransferSpeedColumn(), new RemainingTimeColumn())
            .StartAsync(context => Follow(context.AddTask(title, maxValue: double.MaxValue), bytes, sources));

    /// <summary>Starts the line; disposing ends it.</summary>
    public static IAsyncDisposable Show(Answer answer, string title, Func<long> bytes, IReadOnlyList<string>? sources) =>
        answer.IsJson || Console.IsErrorRedirected ? new Silence() : new ProgressLine(title, bytes, sources);

    public async ValueTask DisposeAsync()
    {
        await done.CancelAsync();
        await showing;
        done.Dispose();
    }

    private async Task Follow(ProgressTask line, Func<long> bytes, IReadOnlyList<string>? sources)
    {
        line.IsIndeterminate = true;
        var measuring = sources is null ? null : Task.Run(() => sources.Sum(Measure));
        using var timer = new PeriodicTimer(Beat);
        try
        {
            while (await timer.WaitForNextTickAsync(done.Token))
            {
                if (measuring is { IsCompletedSuccessfully: true })
                {
                    line.MaxValue = await measuring;
                    line.IsIndeterminate = false;
                }

                line.Value = bytes();
            }
        }
        catch (OperationCanceledException)
        {
            // The work is done.
        }
    }

    // An estimate for the time left: what can't be seen is not counted.
    private long Measure(string path)
    {
        if (File.Exists(path))
        {
            return new FileInfo(path).Length;
        }

        var total = 0L;
        var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };
        foreach (var file in new DirectoryInfo(path).EnumerateFiles("*", options))
        {
            if (done.IsCancellationRequested)
            {
                break;
            }

            total += file.Length;
        }

        return total;
    }

    private sealed class Silence : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
