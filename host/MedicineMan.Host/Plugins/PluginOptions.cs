namespace MedicineMan.Host.Plugins;

/// Where plugins lie and how long they may take. Bound from "Plugins" of the configuration.
internal sealed class PluginOptions
{
    public const string Section = "Plugins";

    /// The folder that holds a folder for each plugin.
    public string Folder { get; set; } = Path.Combine(AppContext.BaseDirectory, "plugins");

    /// The list of plugins this host knows.
    public string RegistryFile { get; set; } = Path.Combine(AppContext.BaseDirectory, "plugin-registry.json");

    /// Ids of plugins that stay unloaded.
    public IList<string> Disabled { get; } = [];

    /// Whether packages without a signature are taken; a banner on the plugins page says so.
    public bool AllowUnsigned { get; set; }

    /// Folders that plugins are built into by their authors: followed by a host on a loopback address, and by no other.
    public IList<string> Dev { get; } = [];

    /// The host's authorisation policy for each permission a route can ask for in its manifest.
    public IDictionary<string, string> Policies { get; } =
        new Dictionary<string, string>(StringComparer.Ordinal) { ["viewer"] = "viewer", ["operator"] = "operator", ["admin"] = "admin" };

    /// Start without any plugin, to get at a host that a plugin keeps from starting.
    public bool SafeMode { get; set; }

    /// For the process of a single command, which ends before any plugin would leave it: they are loaded for good, which compiles them faster, and
    /// those that came with the host are not compared with it.
    internal bool ForOneCommand { get; set; }

    /// Where crumbs and quarantine are kept; null to keep none.
    public string? StateFolder { get; set; }

    /// So many faults within the window pause a plugin.
    public int BreakerFaults { get; set; } = 20;

    public TimeSpan BreakerWindow { get; set; } = TimeSpan.FromMinutes(1);

    public TimeSpan BreakerPause { get; set; } = TimeSpan.FromSeconds(30);

    /// Visits of one kind (routes, jobs, fragments, providers) that may be inside a plugin at once.
    public int MostAtOnce { get; set; } = 64;

    /// Bytes that a plugin may keep, by the host's estimate, before it is taken out; 0 for no limit.
    public long MostMemory { get; set; } = 256L << 20;

    /// How often plugins are weighed; 0 for never.
    public TimeSpan MemoryLook { get; set; } = TimeSpan.FromSeconds(30);

    public TimeSpan ConfigureTimeLimit { get; set; } = TimeSpan.FromSeconds(5);

    public TimeSpan StartTimeLimit { get; set; } = TimeSpan.FromSeconds(10);

    public TimeSpan StopTimeLimit { get; set; } = TimeSpan.FromSeconds(10);

    /// How long a retired version may go on with the requests and jobs it had begun.
    public TimeSpan DrainTimeLimit { get; set; } = TimeSpan.FromSeconds(30);

    /// The same when the host itself stops: listener and workers have ended by then, so what is still inside hangs.
    public TimeSpan ShutdownDrainTimeLimit { get; set; } = TimeSpan.FromSeconds(2);

    public TimeSpan RouteTimeLimit { get; set; } = TimeSpan.FromSeconds(30);

    /// A drawing takes a millisecond or two; the first one after a start also compiles the engine.
    public TimeSpan FragmentTimeLimit { get; set; } = TimeSpan.FromSeconds(1);
}
