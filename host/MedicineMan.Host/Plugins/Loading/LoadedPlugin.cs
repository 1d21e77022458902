using System.Runtime.CompilerServices;
using MedicineMan.Host.Plugins.Faults;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Routes;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Plugins.Loading;

/// One version of a plugin in memory. Every call into its code enters here, so that the version can be closed, drained and let go: once
/// retired it is out of reach, whether or not the runtime has collected it.
internal sealed class LoadedPlugin : IDisposable
{
    private readonly Visits visits;
    private readonly Lock gate = new();
    private readonly CancellationTokenSource unloading = new();
    private readonly TaskCompletionSource drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int running;
    private bool closed;
    private bool started;
    private LoadContext? context;
    private IPlugin? plugin;
    private ServiceProvider? services;
    private PluginContext? lent;

    public LoadedPlugin(PluginManifest manifest, PluginEntry entry, Visits visits)
    {
        (Manifest, Entry, this.visits) = (manifest, entry, visits);
        Unloading = unloading.Token;
    }

    public PluginManifest Manifest { get; }

    public PluginEntry Entry { get; }

    public CancellationToken Unloading { get; }

    public Contributions Contributions { get; private set; } = Contributions.None;

    public IReadOnlyList<Endpoint> Endpoints { get; private set; } = [];

    /// Dead once the runtime has collected the code; null when none was loaded.
    public WeakReference? Collected { get; private set; }

    public void Hold(LoadContext opened)
    {
        context = opened;
        Collected = opened.Collected;
    }

    /// Constructs the plugin's front door; null, with the reason, when it has none.
    public IPlugin? Open(out string reason) => plugin = context!.Entry(out reason);

    public void Hold(ServiceProvider built, Contributions contributions) => (services, Contributions) = (built, contributions);

    public void Hold(IReadOnlyList<Endpoint> endpoints) => Endpoints = endpoints;

    public void Hold(PluginContext made) => lent = made;

    /// What the host lends this version.
    public PluginContext Lent => lent ?? throw Gone();

    public ValueTask Start(CancellationToken cancel)
    {
        started = true;
        return plugin!.StartAsync(Lent, cancel);
    }

    /// The plugin's own container, for the host's mapping of its routes.
    public IServiceProvider Services => services ?? throw Gone();

    /// Where what it keeps hangs on, for weighing it; empty once it is let go.
    public IReadOnlyList<object> Roots() =>
    [
        .. new object?[] { plugin, services }.OfType<object>(),
        .. Contributions.Routes, .. Contributions.Fragments.Select(fragment => fragment.Source), .. Endpoints.Select(endpoint => RouteGuard.Inner(endpoint)).OfType<object>(),
    ];

    /// Opens a visit with its own scope of services; null, with the reason, when it can't be entered.
    public PluginVisit? Enter(string where, out Refusal refused)
    {
        lock (gate)
        {
            refused = Refusal.Gone;
            if (closed)
            {
                return null;
            }

            if (visits.Begin(where, out var visit) is { } why)
            {
                refused = why;
                return null;
            }

            running++;
            return new PluginVisit(this, services!.CreateAsyncScope(), visit);
        }
    }

    public void Leave(Visits.Visit visit)
    {
        visits.End(visit);
        lock (gate)
        {
            running--;
            if (closed && running == 0)
            {
                drained.TrySetResult();
            }
        }
    }

    /// Calls into the plugin's code and counts what it throws. A sentence for a person and the caller's own cancel are no faults.
    public async Task<T> Call<T>(string where, Func<IServiceProvider, CancellationToken, Task<T>> call, CancellationToken cancel)
    {
        await using var visit = Enter(where, out var refused) ?? throw Refused(refused);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, Unloading);
        try
        {
            return await call(visit.Services, either.Token);
        }
        catch (Exception exception) when (exception is not UserFacingException && !either.IsCancellationRequested)
        {
            Entry.Record(where, exception);
            throw;
        }
    }

    /// Asks for something small and at hand; a plugin that throws or is gone is answered for.
    public T Ask<T>(string where, Func<IServiceProvider, T> ask, T otherwise)
    {
        try
        {
            return services is { } open ? ask(open) : otherwise;
        }
        catch (Exception exception)
        {
            Entry.Record(where, exception);
            return otherwise;
        }
    }

    public UserFacingException Refused(Refusal why) => visits.Refused(why, Manifest.Name, Manifest.Version);

    public UserFacingException Gone() => Refused(Refusal.Gone);

    /// Takes no more visits, waits for those that are inside, then lets go of everything. Whatever the plugin throws on its way out is counted.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public async Task Retire(TimeSpan drain, TimeSpan stop, TimeProvider clock, bool isHostStopping = false)
    {
        Entry.Leaves(PluginState.Draining);
        lock (gate)
        {
            closed = true;
            if (running == 0)
            {
                drained.TrySetResult();
            }
        }

        if (!drained.Task.IsCompleted)
        {
            await Within("drain", drain, clock, _ => drained.Task);
        }

        await Within("unloading", stop, clock, _ => unloading.CancelAsync());
        await Within("stop", stop, clock, cancel => started ? plugin!.StopAsync(cancel).AsTask() : Task.CompletedTask);
        await Within("dispose", stop, clock, _ => services?.DisposeAsync().AsTask() ?? Task.CompletedTask);
        LetGo(flush: !isHostStopping);
        Dispose();
        Entry.Leaves(PluginState.Retired);
    }

    public void Dispose() => unloading.Dispose();

    // The framework's caches go with the process, when it ends.
    private void LetGo(bool flush)
    {
        lent?.Dispose();
        lent = null;
        (plugin, services, Contributions, Endpoints) = (null, null, Contributions.None, []);
        if (flush)
        {
            FrameworkCaches.Flush(exception => Entry.Record("flush", exception));
        }

        context?.Dispose();
        context = null;
    }

    private async Task Within(string where, TimeSpan limit, TimeProvider clock, Func<CancellationToken, Task> step)
    {
        using var late = new CancellationTokenSource(limit, clock);
        try
        {
            // On a thread of the pool, so that a plugin that never returns costs that thread and not the caller.
            await Task.Run(() => step(late.Token), CancellationToken.None).WaitAsync(limit, clock, CancellationToken.None);
        }
        catch (Exception exception)
        {
            Entry.Record(where, exception);
        }
    }
}

/// A call into a plugin's code while it lasts.
internal sealed class PluginVisit(LoadedPlugin plugin, AsyncServiceScope scope, Visits.Visit visit) : IAsyncDisposable
{
    public IServiceProvider Services => scope.ServiceProvider;

    public async ValueTask DisposeAsync()
    {
        try
        {
            await scope.DisposeAsync();
        }
        catch (Exception exception)
        {
            plugin.Entry.Record("dispose", exception);
        }
        finally
        {
            plugin.Leave(visit);
        }
    }
}
