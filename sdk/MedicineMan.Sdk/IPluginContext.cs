using MedicineMan.Sdk.Health;
using MedicineMan.Sdk.Jobs;
using MedicineMan.Sdk.Secrets;
using MedicineMan.Sdk.Servers;
using Microsoft.Extensions.Logging;

namespace MedicineMan.Sdk;

/// <summary>What the host lends a plugin for the time it is loaded. Injectable, and so is each of its services by its own type.</summary>
/// <remarks>
/// A service whose capability the manifest does not name, or the administrator did not approve, is there all the same: its calls throw
/// <see cref="CapabilityDeniedException"/>. Implemented by the host alone, so it may grow.
/// </remarks>
public interface IPluginContext
{
    /// <summary>Who this plugin is.</summary>
    PluginInfo Info { get; }

    /// <summary>Logs under the plugin's id and version.</summary>
    ILogger Logger { get; }

    /// <summary>Fires before the plugin is retired. Loops and timers end on it, or they pin the load context.</summary>
    CancellationToken Unloading { get; }

    /// <summary>The servers, and commands on them. Capabilities <c>targets:read</c>, <c>exec</c>, <c>files:read</c>, <c>files:write</c>.</summary>
    IServers Servers { get; }

    /// <summary>Secrets the plugin's settings refer to. Capability <c>secrets</c>.</summary>
    ISecrets Secrets { get; }

    /// <summary>The plugin's own small store. Capability <c>store</c>.</summary>
    IPluginStore Store { get; }

    /// <summary>The plugin's own jobs. Capability <c>jobs</c>.</summary>
    IJobs Jobs { get; }

    /// <summary>The plugin's own numbers over time. Capability <c>store</c>.</summary>
    ITimeSeries Series { get; }

    /// <summary>Calls the hosts that the manifest names under the capability <c>net</c>, and no other; no redirect leads out of them.</summary>
    HttpClient Http { get; }

    /// <summary>Makes an empty folder of the plugin's own on the host; disposing removes it with all it holds.</summary>
    IScratchFolder Scratch();

    /// <summary>The text of the plugin's <c>locales/{culture}.json</c> for the current culture, else of <c>en</c>, else the key itself.</summary>
    /// <param name="key">For instance <c>greeting</c>.</param>
    /// <param name="values">Put in for <c>{0}</c>, <c>{1}</c> and so on.</param>
    string Localize(string key, params ReadOnlySpan<string> values);
}

/// <summary>A folder that goes away.</summary>
public interface IScratchFolder : IDisposable
{
    /// <summary>Its path; mode 0700.</summary>
    string Path { get; }

    /// <summary>Opens a file of this folder, without the capability <c>native</c> that <c>System.IO.File</c> takes.</summary>
    /// <param name="name">A plain name; folders below are not reached this way.</param>
    /// <param name="mode">As <see cref="FileStream"/> takes it.</param>
    /// <exception cref="ArgumentException">The name leads out of the folder.</exception>
    Stream Open(string name, FileMode mode)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return System.IO.Path.GetFileName(name) == name && name is not ("." or "..")
            ? new FileStream(System.IO.Path.Combine(Path, name), mode)
            : throw new ArgumentException($"\"{name}\" is no plain file name.", nameof(name));
    }
}
