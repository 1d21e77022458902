using MedicineMan.Sdk;
using MedicineMan.Sdk.Health;
using MedicineMan.Sdk.Jobs;
using MedicineMan.Sdk.Secrets;
using MedicineMan.Sdk.Servers;
using Microsoft.Extensions.Logging;

namespace MedicineMan.Host.Plugins.Loading;

/// What the host lends one version of a plugin. The token is the version's own: a registration on one that outlives it would pin its code.
internal sealed class PluginContext(PluginInfo info, ILogger logger, CancellationToken unloading) : IPluginContext
{
    public PluginInfo Info { get; } = info;

    public ILogger Logger { get; } = logger;

    public CancellationToken Unloading { get; } = unloading;

    public IServers Servers => throw NotLent("targets:read");

    public ISecrets Secrets => throw NotLent("secrets");

    public IPluginStore Store => throw NotLent("store");

    public IJobs Jobs => throw NotLent("jobs");

    public ITimeSeries Series => throw NotLent("store");

    public HttpClient Http => throw NotLent("net");

    public IScratchFolder Scratch() => throw NotLent("scratch");

    public string Localize(string key, params ReadOnlySpan<string> values) => key;

    private static CapabilityDeniedException NotLent(string capability) => new(capability, "this host does not lend it.");
}
