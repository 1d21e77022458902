using System.Text.Json.Nodes;

namespace MedicineMan.Sdk.Settings;

/// <summary>The plugin's settings as an administrator saved them last. Injectable after <see cref="IPluginBuilder.Settings{T}"/>.</summary>
/// <remarks>
/// The names are those of the manifest: <c>JsonSerializerDefaults.Web</c> on the serializer context reads <c>address</c> into <c>Address</c>.
/// Give the type's properties a <c>set</c>: for an <c>init</c> the JSON generator sets what the form left empty to null, over the initial value.
/// A field of the format <c>secret</c> is a string, the handle for <see cref="Secrets.SecretRef"/>; one of the format <c>duration</c> reads as a <see cref="TimeSpan"/>.
/// </remarks>
public interface IPluginSettings<out T>
    where T : class
{
    /// <summary>The settings now; the values of the schema's defaults before anybody saved any. Ask again at each use: they change while the plugin runs.</summary>
    T Current { get; }
}

/// <summary>Tries settings out before they are saved. Register it in the plugin's own services.</summary>
/// <typeparam name="T">The type given to <see cref="IPluginBuilder.Settings{T}"/>.</typeparam>
public interface ITestSettings<in T>
    where T : class
{
    /// <summary>Returns when they work; within ten seconds, and changing nothing.</summary>
    /// <exception cref="UserFacingException">Why they do not.</exception>
    Task TestAsync(T settings, CancellationToken cancel);
}

/// <summary>Brings settings that an older version saved into today's shape. Register it in the plugin's own services.</summary>
public interface IMigrateSettings
{
    /// <summary>Called once after an upgrade whose manifest has a higher <c>settingsVersion</c>; what was saved before is kept for a roll-back.</summary>
    ValueTask<JsonObject> MigrateAsync(int fromVersion, JsonObject settings, CancellationToken cancel);
}
