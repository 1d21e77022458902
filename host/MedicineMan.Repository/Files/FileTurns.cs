using MedicineMan.Repository.Format;
using MedicineMan.Repository.Writing;

namespace MedicineMan.Repository.Files;

/// <summary>
/// Bounds how many files are read at once. Small ones go many in a turn: starting, waiting and waking for each took more time than reading it. One walk
/// at a time.
/// </summary>
internal sealed class FileTurns(int atOnce) : IDisposable
{
    private const int MostInTurn = 32;
    private const ulong MostBytesInTurn = 1 << 20;

    private readonly SemaphoreSlim turns = new(atOnce);
    private List<(TaskCompletionSource<TreeNode?> Done, Func<Task<TreeNode?>> Read)> small = [];
    private ulong smallBytes;

    /// <summary>Waits for a turn and starts to read a file in it; a small one waits for others of its kind, or for <see cref="Flush"/>.</summary>
    public async Task<Task<TreeNode?>> Start(ulong size, Func<Task<TreeNode?>> read, CancellationToken cancel)
    {
        if (size > (ulong)StreamFeeder.LargestSmall)
        {
            await turns.WaitAsync(cancel);
            return InTurn(read);
        }

        var done = new TaskCompletionSource<TreeNode?>(TaskCreationOptions.RunContinuationsAsynchronously);
        small.Add((done, read));
        smallBytes += size;
        if (small.Count == MostInTurn || smallBytes >= MostBytesInTurn)
        {
            await Flush(cancel);
        }

        return done.Task;
    }

    /// <summary>Starts to read the small files that still wait.</summary>
    public async Task Flush(CancellationToken cancel)
    {
        if (small.Count > 0)
        {
            await turns.WaitAsync(cancel);
            var batch = small;
            (small, smallBytes) = ([], 0);
            _ = Task.Run(() => InTurn(batch), CancellationToken.None);
        }
    }

    /// <summary>Reads none of those that still wait.</summary>
    public void Abandon()
    {
        small.ForEach(file => file.Done.TrySetCanceled());
        small.Clear();
    }

    public void Dispose() => turns.Dispose();

    private async Task<TreeNode?> InTurn(Func<Task<TreeNode?>> read)
    {
        try
        {
            return await read();
        }
        finally
        {
            turns.Release();
        }
    }

    private async Task InTurn(List<(TaskCompletionSource<TreeNode?> Done, Func<Task<TreeNode?>> Read)> batch)
    {
        var finished = new Task<TreeNode?>[batch.Count];
        for (var i = 0; i < finished.Length; i++)
        {
            finished[i] = batch[i].Read();
            await ((Task)finished[i]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        // First of all: whoever waits for the last file may then be done with the turns themselves.
        turns.Release();
        for (var i = 0; i < finished.Length; i++)
        {
            batch[i].Done.TrySetFromTask(finished[i]);
        }
    }
}
