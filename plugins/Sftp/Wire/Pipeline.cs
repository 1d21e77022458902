namespace MedicineMan.Plugins.Sftp.Wire;

/// <summary>
/// Keeps so many requests of one transfer in flight. The first failure stops the rest, and when it ends none is left running behind the caller's
/// back, who may then use the buffer for something else.
/// </summary>
internal sealed class Pipeline(int most, CancellationToken cancel) : IAsyncDisposable
{
    private readonly Queue<Task> running = new(most);
    private readonly CancellationTokenSource stopping = CancellationTokenSource.CreateLinkedTokenSource(cancel);

    public async ValueTask Add(Func<CancellationToken, Task> request)
    {
        if (running.Count == most)
        {
            await running.Dequeue();
        }

        running.Enqueue(request(stopping.Token));
    }

    public async Task Finish()
    {
        while (running.TryDequeue(out var request))
        {
            await request;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        foreach (var request in running)
        {
            await request.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        stopping.Dispose();
    }
}
