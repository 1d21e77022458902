using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.Loader;

namespace MedicineMan.Host.Plugins.Faults;

/// What a plugin throws on a thread or timer of its own would end the process. When a frame of it lies in a plugin's code, that plugin is taken
/// out and quarantined instead, and the process goes on; anybody else's failure ends it as ever.
internal sealed class StrayFailures(PluginCatalogue catalogue) : IDisposable
{
    // One handler can be set for the process, and tests run several hosts in one.
    private static readonly Lock Gate = new();
    private static ImmutableArray<StrayFailures> watching = [];
    private static bool set;

    /// What to do with a plugin that threw so.
    public Action<Loading.LoadedPlugin, string>? Caught { get; set; }

    public void Watch()
    {
        lock (Gate)
        {
            watching = watching.Add(this);
            if (!set)
            {
                ExceptionHandling.SetUnhandledExceptionHandler(Handle);
                set = true;
            }
        }
    }

    public void Dispose()
    {
        lock (Gate)
        {
            watching = watching.Remove(this);
        }
    }

    private static bool Handle(Exception exception)
    {
        var contexts = new StackTrace(exception, false).GetFrames()
            .Select(frame => frame.GetMethod()?.Module.Assembly is { } assembly ? AssemblyLoadContext.GetLoadContext(assembly) : null)
            .Where(context => context is { IsCollectible: true }).Distinct().ToList();
        return contexts.Count > 0 && watching.Any(one => one.Takes(contexts!, exception));
    }

    // A retired version's late thread is nobody's in use: it is survived, and there is nothing left to take out.
    private bool Takes(IReadOnlyList<AssemblyLoadContext> contexts, Exception exception)
    {
        var plugin = catalogue.Active.FirstOrDefault(one => one.Collected?.Target is AssemblyLoadContext loaded && contexts.Contains(loaded));
        if (plugin is null)
        {
            return catalogue.IsRetired(contexts);
        }

        plugin.Entry.Record("own thread", exception);
        var reason = $"It threw on a thread of its own: {PluginEntry.Sentence(exception)}";
        ThreadPool.QueueUserWorkItem(_ => Caught?.Invoke(plugin, reason));
        return true;
    }
}
