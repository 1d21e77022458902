using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Plugins.Capabilities;
using MedicineMan.Host.Plugins.Faults;
using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Shell;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MedicineMan.Host.Plugins.Memory;

/// Weighs every plugin from time to time, and takes one out that keeps more and more. In one process nothing can hold a plugin to a size, so this is
/// a watch and no wall: it finds what a plugin's objects and static fields lead to, not what its threads hold nor what is not of this runtime.
internal sealed partial class MemoryWatch(
    PluginCatalogue catalogue, PluginLifecycle lifecycle, Breadcrumbs crumbs, IOptions<PluginOptions> options, TimeProvider clock, ILogger<MemoryWatch> log, LentRooms? rooms = null) : BackgroundService
{
    public const string Overgrown = "MM1084";

    private const int LooksForCollection = 20;

    private static readonly TimeSpan WalkLimit = TimeSpan.FromSeconds(10);

    // Those that were over the limit at the last look: a plugin may hold much for a moment.
    private HashSet<LoadedPlugin> heavy = [];
    private HashSet<LoadedPlugin> stuck = [];

    // How many retired versions stayed in memory at the last look, and how many looks still try to collect them.
    private int staying;
    private int looks;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.MemoryLook <= TimeSpan.Zero)
        {
            return;
        }

        using var timer = new PeriodicTimer(options.Value.MemoryLook, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await Look(stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                Log.Failed(log, failure);
            }
        }
    }

    /// Weighs all plugins in use, one after the other.
    public async Task Look(CancellationToken cancel)
    {
        await Collect();
        var active = catalogue.Active;
        (heavy, stuck) = ([.. heavy.Intersect(active)], [.. stuck.Intersect(active)]);
        foreach (var plugin in active.Except(stuck))
        {
            if (await Weigh(plugin, cancel) is not { } estimate)
            {
                continue;
            }

            plugin.Entry.Weighed(estimate);
            var most = options.Value.MostMemory;
            if (most <= 0 || estimate.Bytes <= most)
            {
                heavy.Remove(plugin);
            }
            else if (!heavy.Add(plugin))
            {
                await TakeOut(plugin, estimate, most);
            }
        }
    }

    private async Task<MemoryEstimate?> Weigh(LoadedPlugin plugin, CancellationToken cancel)
    {
        // On its way a type of the plugin's may be initialised, which is the plugin's code.
        var crumb = crumbs.Drop(Breadcrumbs.Of(plugin.Manifest.Id, "memory"));
        try
        {
            return await Task.Run(() => Scales.Weigh(plugin, clock), cancel).WaitAsync(WalkLimit, clock, cancel);
        }
        catch (TimeoutException late)
        {
            stuck.Add(plugin);
            plugin.Entry.Record("memory", late);
            return null;
        }
        finally
        {
            crumbs.Pick(crumb);
        }
    }

    private async Task TakeOut(LoadedPlugin plugin, MemoryEstimate estimate, long most)
    {
        heavy.Remove(plugin);
        var manifest = plugin.Manifest;
        var problem = new PluginProblem(Overgrown, $"{manifest.Name} {manifest.Version} keeps {(estimate.IsWhole ? "" : "more than ")}{Size.Text(estimate.Bytes)} of memory, and may keep {Size.Text(most)}.",
            "What one plugin keeps without end takes the whole host down in time.",
            "Its author must see this. Try it again under Settings, Plugins; if it needs so much, raise Plugins:MostMemory.");
        Log.TakenOut(log, manifest.Id, problem.What);
        await lifecycle.TakeOut(plugin, problem);
        await Collect();
        if (rooms is not null)
        {
            var entry = new AuditEntry("plugin.overgrown", "plugin", manifest.Id, manifest.Name)
            {
                Detail = new Dictionary<string, string> { ["version"] = manifest.Version, ["code"] = Overgrown, ["reason"] = problem.What },
            };
            await rooms.Database.Write(transaction => rooms.Audit.Record(transaction, OrganizationId.Default, Actor.System, entry, CancellationToken.None), CancellationToken.None);
        }
    }

    // A process that has what it needs collects seldom. What a retired version held is wanted back, and one that is shown as still in memory is to be one
    // that something holds; a call that hangs in it holds it for a while, so later looks try again.
    private async Task Collect()
    {
        var retired = catalogue.StillInMemory();
        looks = retired > staying ? LooksForCollection : looks - 1;
        if (retired > 0 && looks > 0)
        {
            await Task.Run(GiveBack, CancellationToken.None);
        }

        staying = catalogue.StillInMemory();
    }

    private void GiveBack()
    {
        var before = catalogue.StillInMemory();
        for (var round = 0; round < 10 && catalogue.StillInMemory() > 0; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        if (catalogue.StillInMemory() < before)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Plugin {Plugin} is taken out: {Reason}")]
        public static partial void TakenOut(ILogger log, string plugin, string reason);

        [LoggerMessage(Level = LogLevel.Warning, Message = "The plugins could not be weighed; it is tried again")]
        public static partial void Failed(ILogger log, Exception failure);
    }
}
