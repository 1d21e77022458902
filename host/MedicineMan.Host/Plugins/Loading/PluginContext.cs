using MedicineMan.Sdk;

namespace MedicineMan.Host.Plugins.Loading;

/// What the host lends one version of a plugin. The token is the version's own: a registration on one that outlives it would pin its code.
internal sealed class PluginContext(PluginInfo info, ILogger logger, CancellationToken unloading) : IPluginContext
{
    public PluginInfo Info { get; } = info;

    public ILogger Logger { get; } = logger;

    public CancellationToken Unloading { get; } = unloading;
}
