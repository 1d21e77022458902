using System.Text.Json.Nodes;
using MedicineMan.Host.Data;
using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Settings.Forms;
using MedicineMan.Sdk.Settings;
using Microsoft.Extensions.DependencyInjection;

namespace MedicineMan.Host.Plugins.Settings;

/// Gives a plugin its settings before it starts, in the shape that this version of it knows. Commands that load plugins without a database
/// give them the defaults.
internal sealed class SettingsOnLoad(IServiceProvider host)
{
    /// <exception cref="PluginRefusedException">They can't be brought into shape.</exception>
    public async Task Give(LoadedPlugin plugin, CancellationToken cancel)
    {
        if (plugin.Manifest.Settings is not { } schema || plugin.Contributions.Settings is not { } contribution)
        {
            return;
        }

        var store = host.GetService<Database>() is null ? null : host.GetRequiredService<PluginSettingsStore>();
        var row = store is null ? null : await store.Find(plugin.Manifest.Id, cancel);
        try
        {
            contribution.Apply(SettingsValues.Fitting(schema, row?.Values is { } values ? await InShape(plugin, schema, store!, row, values, cancel) : []));
        }
        catch (Exception failure) when (failure is not PluginRefusedException && !cancel.IsCancellationRequested)
        {
            throw new PluginRefusedException(new PluginProblem("MM1080", $"The settings of {plugin.Manifest.Name} {plugin.Manifest.Version} can't be used: {PluginEntry.Sentence(failure)}",
                "It would start with settings nobody chose.", "Correct them in Settings, Plugins, and load it again; if that does not help, its author must see this."));
        }
    }

    private static async Task<JsonObject> InShape(LoadedPlugin plugin, SettingsSchema schema, PluginSettingsStore store, SettingsRow row, JsonObject values, CancellationToken cancel)
    {
        var (manifest, version) = (plugin.Manifest, plugin.Manifest.SettingsVersion);
        if (row.Version == version)
        {
            return values;
        }

        // The plugin was rolled back: what was kept for that has the shape it knows.
        var rolledBack = row.Version > version && row.PreviousVersion <= version && row.Previous is not null;
        var changed = rolledBack ? JsonNode.Parse(row.Previous!)!.AsObject() : values;
        var from = rolledBack ? row.PreviousVersion!.Value : row.Version;
        if (from < version && plugin.Services.GetService<IMigrateSettings>() is { } migration)
        {
            var saved = changed.DeepClone().AsObject();
            changed = await plugin.Call("settings migration", (_, either) => migration.MigrateAsync(from, saved, either).AsTask(), cancel);
        }

        changed = SettingsValues.Fitting(schema, changed.DeepClone().AsObject());
        await store.Migrate(manifest.Id, manifest.Name, version, changed, cancel);
        return changed;
    }
}
