using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Plugins.Guards;

/// A call into a plugin that has so much time. One that ignores its token keeps its visit, and the caller goes on with a sentence.
internal static class TimedCall
{
    public static async Task<T> Run<T>(LoadedPlugin plugin, string where, TimeSpan limit, Func<CancellationToken, Task<T>> call, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(limit, plugin.Lent.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        // On a thread of the pool: what a plugin does before its first await is within the limit too.
        var running = Task.Run(() => call(either.Token), CancellationToken.None);
        try
        {
            return await running.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            _ = running.ContinueWith(static done => done.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            var timeout = new TimeoutException($"No answer within {limit.TotalSeconds:0.#} seconds.");
            plugin.Entry.Record(where, timeout);
            throw new UserFacingException($"The plugin {plugin.Manifest.Name} did not answer within {limit.TotalSeconds:0.#} seconds. Try again; its faults are listed in Settings, Plugins.", timeout);
        }
    }
}
