using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Settings;
using Microsoft.Extensions.DependencyInjection;

namespace MedicineMan.Host.Plugins.Settings;

/// A plugin's settings inside the plugin: the host hands it JSON, the plugin reads its own type.
internal abstract class SettingsContribution
{
    /// Puts settings in force; the plugin sees them at its next look.
    /// <exception cref="UserFacingException">The plugin's type can't hold them.</exception>
    public abstract void Apply(JsonObject settings);

    /// Tries settings out.
    /// <returns>False when the plugin offers no test.</returns>
    public abstract Task<bool> Test(IServiceProvider services, JsonObject settings, CancellationToken cancel);
}

internal sealed class LiveSettings<T>(string plugin, JsonTypeInfo<T> json) : SettingsContribution, IPluginSettings<T>
    where T : class, new()
{
    private volatile T current = new();

    public T Current => current;

    /// The fields of the form that the plugin's type has no place for: names are told apart by case unless its options say otherwise.
    public IReadOnlyList<string> Unread(IEnumerable<string> fields) => JsonNames.Unread(json, fields);

    public override void Apply(JsonObject settings) => current = Read(settings);

    public override async Task<bool> Test(IServiceProvider services, JsonObject settings, CancellationToken cancel)
    {
        var candidate = Read(settings);
        if (services.GetService<ITestSettings<T>>() is not { } test)
        {
            return false;
        }

        await test.TestAsync(candidate, cancel);
        return true;
    }

    private T Read(JsonObject settings)
    {
        try
        {
            return settings.Deserialize(json) ?? new T();
        }
        catch (JsonException unreadable)
        {
            throw new UserFacingException($"{plugin} can't read its settings: {unreadable.Message} Its author must bring form and type together.") { Permanent = true };
        }
    }
}
