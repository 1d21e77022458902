using System.ComponentModel;

namespace MedicineMan.Host.Plugins;

/// Where plugins lie and how long they may take. Bound from "Plugins" of the configuration; those with a description are for operators and listed by medicineman config.
internal sealed class PluginOptions
{
    public const string Section = "Plugins";

    /// The folder that holds a folder for each plugin.
    public string Folder { get; set; } = Path.Combine(AppContext.BaseDirectory, "plugins");

    /// The list of plugins this host knows.
    public string RegistryFile { get; set; } = Path.Combine(AppContext.BaseDirectory, "plugin-registry.json");

    [Description("Ids of plugins that stay unloaded, as Plugins__Disabled__0 and so on")]
    public IList<string> Disabled { get; } = [];

    [Description("Whether packages without a signature are taken; a banner on the plugins page says so")]
    public bool AllowUnsigned { get; set; }

    [Description("Folders that authors build their plugins into, followed by a host on a loopback address, and by no other")]
    public IList<string> Dev { get; } = [];

    /// The host's authorisation policy for each permission a route can ask for in its manifest.
    public IDictionary<string, string> Policies { get; } =
        new Dictionary<string, string>(StringComparer.Ordinal) { ["viewer"] = "viewer", ["operator"] = "operator", ["admin"] = "admin" };

    [Description("Start without any plugin, to get at a host that a plugin keeps from starting")]
    public bool SafeMode { get; set; }

    /// For the process of a single command, which ends before any plugin would leave it: they are loaded for good, which compiles them faster, and
    /// those that came with the host are not compared with it.
    internal bool ForOneCommand { get; set; }

    /// Where crumbs and quarantine are kept; null to keep none.
    public string? StateFolder { get; set; }

    [Description("So many faults within the window pause a plugin")]
    public int BreakerFaults { get; set; } = 20;

    [Description("The window in which faults are counted")]
    public TimeSpan BreakerWindow { get; set; } = TimeSpan.FromMinutes(1);

    [Description("How long a plugin rests")]
    public TimeSpan BreakerPause { get; set; } = TimeSpan.FromSeconds(30);

    [Description("Calls of one kind (routes, jobs, fragments, providers) that may be inside a plugin at once")]
    public int MostAtOnce { get; set; } = 64;

    [Description("Bytes that a plugin may keep, by the host's estimate, before it is taken out; 0 for no limit")]
    public long MostMemory { get; set; } = 256L << 20;

    [Description("How often plugins are weighed; 0 for never")]
    public TimeSpan MemoryLook { get; set; } = TimeSpan.FromSeconds(30);

    public TimeSpan ConfigureTimeLimit { get; set; } = TimeSpan.FromSeconds(5);

    public TimeSpan StartTimeLimit { get; set; } = TimeSpan.FromSeconds(10);

    public TimeSpan StopTimeLimit { get; set; } = TimeSpan.FromSeconds(10);

    [Description("How long a retired version may go on with the requests and jobs it had begun")]
    public TimeSpan DrainTimeLimit { get; set; } = TimeSpan.FromSeconds(30);

    /// The same when the host itself stops: listener and workers have ended by then, so what is still inside hangs.
    public TimeSpan ShutdownDrainTimeLimit { get; set; } = TimeSpan.FromSeconds(2);

    [Description("How long a plugin's route may take to answer")]
    public TimeSpan RouteTimeLimit { get; set; } = TimeSpan.FromSeconds(30);

    [Description("How long a fragment may take to be drawn; most take a millisecond or two, the first one after a start compiles the engine")]
    public TimeSpan FragmentTimeLimit { get; set; } = TimeSpan.FromSeconds(1);
}
