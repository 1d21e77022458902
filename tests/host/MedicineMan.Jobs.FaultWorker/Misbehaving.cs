namespace MedicineMan.Jobs.FaultWorker;

/// Handlers as no author means them.
internal sealed class Misbehaving(string type, Func<JobRun, CancellationToken, Task> run) : IJobHandler
{
    public static IReadOnlyList<IJobHandler> All { get; } =
    [
        new Misbehaving("hang", static (_, _) => new TaskCompletionSource().Task),
        new Misbehaving("block", static (_, _) => { Thread.Sleep(Timeout.Infinite); return Task.CompletedTask; }),
        new Misbehaving("throw-elsewhere", static (_, _) => ThrowElsewhere()),
        new Misbehaving("allocate", static (_, _) => Allocate()),
        new Misbehaving("log", static (run, cancel) => LogWithoutEnd(run, cancel)),
    ];

    public string Type => type;

    public Task Run(JobRun job, CancellationToken cancel) => run(job, cancel);

    // Nobody can catch it, so it takes the process along.
    private static Task ThrowElsewhere()
    {
        new Thread(() => throw new InvalidOperationException("Nobody catches this.")).Start();
        return new TaskCompletionSource().Task;
    }

    private static async Task Allocate()
    {
        for (var kept = new List<byte[]>(); ;)
        {
            kept.Add(new byte[1 << 20]);
            if (kept.Count % 16 == 0)
            {
                await Task.Yield();
            }
        }
    }

    private static async Task LogWithoutEnd(JobRun run, CancellationToken cancel)
    {
        for (var line = 1; ; line++)
        {
            run.Log($"line {line} of what nobody will read to its end");
            if (line % 100 == 0)
            {
                await Task.Yield();
                cancel.ThrowIfCancellationRequested();
            }
        }
    }

}
