using MedicineMan.Sdk.Testing.Lent;
using Microsoft.Extensions.DependencyInjection;

namespace MedicineMan.Sdk.Testing;

/// <summary>What a <see cref="PluginTestHost"/> starts with. The fakes can be filled here, and looked at later through the host.</summary>
public sealed class PluginTestSetup
{
    internal HashSet<string> Refused { get; } = new(StringComparer.Ordinal);

    internal List<(string Capability, string Entry)> Scopes { get; } = [];

    internal Action<IServiceCollection> Replacing { get; private set; } = static _ => { };

    /// <summary>The folder with <c>plugin.json</c> and the templates. Default: where the plugin's dll lies.</summary>
    public string? Folder { get; set; }

    /// <summary>The plugin's settings as JSON. Default: what the defaults of the manifest's schema make.</summary>
    public string? Settings { get; set; }

    /// <summary>The time the clock shows at first; it stands until the test moves it.</summary>
    public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>The culture of texts, for instance <c>de</c>.</summary>
    public string Culture { get; set; } = "en";

    /// <summary>Answers the plugin's HTTP requests that the manifest allows. Default: the network.</summary>
    public HttpMessageHandler? Http { get; set; }

    /// <summary>The servers the plugin sees.</summary>
    public MemoryServers Servers { get; } = new();

    /// <summary>The secrets it can open.</summary>
    public MemorySecrets Secrets { get; } = new();

    /// <summary>Its store.</summary>
    public MemoryStore Store { get; } = new();

    /// <summary>Its numbers over time.</summary>
    public MemorySeries Series { get; } = new();

    /// <summary>Its queue.</summary>
    public RecordedJobs Jobs { get; } = new();

    /// <summary>Has the administrator refuse a capability that the manifest names.</summary>
    public PluginTestSetup Refuse(string capability)
    {
        Refused.Add(capability);
        return this;
    }

    /// <summary>Widens the scope of a capability for the test, for instance by the loopback address of a stand-in.</summary>
    public PluginTestSetup Widen(string capability, string entry)
    {
        Scopes.Add((capability, entry));
        return this;
    }

    /// <summary>Changes the plugin's own services after it has registered them.</summary>
    public PluginTestSetup Replace(Action<IServiceCollection> change)
    {
        Replacing += change;
        return this;
    }
}
