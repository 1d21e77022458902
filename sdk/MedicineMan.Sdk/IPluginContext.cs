using Microsoft.Extensions.Logging;

namespace MedicineMan.Sdk;

/// <summary>What the host lends a plugin for the time it is loaded. Injectable.</summary>
public interface IPluginContext
{
    /// <summary>Who this plugin is.</summary>
    PluginInfo Info { get; }

    /// <summary>Logs under the plugin's id and version.</summary>
    ILogger Logger { get; }

    /// <summary>Fires before the plugin is retired. Loops and timers end on it, or they pin the load context.</summary>
    CancellationToken Unloading { get; }
}
