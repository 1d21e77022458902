using System.Text.Json.Nodes;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages;
using MedicineMan.Host.Plugins.Settings.Forms;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Plugins.Settings;

/// The settings of plugins: a form out of the manifest, checked by the host, tried out by the plugin, kept in the database with secrets in
/// the vault, and in force at once. A plugin that is not running can be set as well, since wrong settings may be why.
internal sealed class PluginSettings(PluginCatalogue catalogue, PluginSettingsStore store, PluginInstaller installer, TimeProvider clock)
{
    private static readonly TimeSpan TestLimit = TimeSpan.FromSeconds(10);

    /// The plugin with its form and what is stored; null when there is no such plugin or it has nothing to set.
    public async Task<PluginForm?> Find(string id, CancellationToken cancel) =>
        catalogue.ManifestOf(id) is { Settings: { } schema } manifest ? new PluginForm(manifest, schema, await store.Find(id, cancel)) : null;

    /// Tries a draft out without putting it in force. It is kept, so that its secrets need not be entered again to save it.
    public Task<SettingsOutcome> Test(PluginForm plugin, SettingsDraft draft, Actor actor, CancellationToken cancel) => Try(plugin, draft, actor, cancel);

    /// Tries a draft out and puts it in force when that went well, or all the same.
    /// <param name="anyway">Also when the test fails.</param>
    public async Task<SettingsOutcome> Save(PluginForm plugin, SettingsDraft draft, Actor actor, bool anyway, CancellationToken cancel)
    {
        var tried = await Try(plugin, draft, actor, cancel);
        if (tried.Failure is not null && !anyway)
        {
            return tried;
        }

        var manifest = plugin.Manifest;
        var row = await store.Accept(manifest.Id, manifest.Name, tried.Row.DraftId!, manifest.SettingsVersion, actor, cancel);
        var running = Running(manifest.Id);
        running?.Contributions.Settings?.Apply(row.Values!);
        var refusal = running is null ? await Retry(manifest.Id, actor, cancel) : null;
        return tried with { Row = row, Saved = true, InForce = Running(manifest.Id) is not null, Refusal = refusal };
    }

    /// Loads a plugin that failed to start: other settings may be all it lacked.
    /// <returns>Why it does not start with these either; null when it does, or when something else keeps it out.</returns>
    private async Task<string?> Retry(string id, Actor actor, CancellationToken cancel)
    {
        try
        {
            await installer.Retry(actor, id, cancel);
            return null;
        }
        catch (UserFacingException refused)
        {
            return refused.Message;
        }
    }

    /// Puts what other nodes have saved in force here.
    public async Task Refresh(DateTimeOffset since, CancellationToken cancel)
    {
        foreach (var row in (await store.All(cancel)).Where(row => row.SavedAt >= since))
        {
            if (Running(row.PluginId) is { } plugin && row.Values is { } values && plugin.Manifest.SettingsVersion == row.Version)
            {
                plugin.Contributions.Settings?.Apply(values);
            }
            else if (await installer.IsBundled(row.PluginId, cancel))
            {
                // An installed one is seen to by the row that the other node wrote when it started there.
                await Retry(row.PluginId, Actor.System, cancel);
            }
        }
    }

    private async Task<SettingsOutcome> Try(PluginForm plugin, SettingsDraft draft, Actor actor, CancellationToken cancel)
    {
        var row = await store.Propose(plugin.Manifest.Id, plugin.Manifest.Name, draft, actor, cancel);
        if (Running(plugin.Manifest.Id) is not { Contributions.Settings: { } contribution } running)
        {
            return new SettingsOutcome(row);
        }

        try
        {
            var tested = await running.Call("settings test", (services, either) => contribution.Test(services, row.DraftValues!, either).WaitAsync(TestLimit, clock, either), cancel);
            return new SettingsOutcome(row) { Tested = tested };
        }
        catch (Exception failure) when (!cancel.IsCancellationRequested)
        {
            var sentence = failure is TimeoutException ? $"The test did not end within {TestLimit.TotalSeconds:0} seconds." : PluginEntry.Sentence(failure);
            return new SettingsOutcome(row) { Tested = true, Failure = sentence };
        }
    }

    private LoadedPlugin? Running(string id) => catalogue.Active.FirstOrDefault(plugin => plugin.Manifest.Id == id);
}

/// A plugin that can be set.
internal sealed record PluginForm(PluginManifest Manifest, SettingsSchema Schema, SettingsRow? Row)
{
    /// What is stored, or a draft that was sent and not yet saved.
    public JsonObject? Stored(string? draftId) => draftId is { Length: > 0 } && Row?.DraftId == draftId ? Row.DraftValues : Row?.Values;
}

/// <param name="Row">As it is now.</param>
internal sealed record SettingsOutcome(SettingsRow Row)
{
    /// The plugin offers a test and it was run.
    public bool Tested { get; init; }

    /// Why the test failed; null when it did not.
    public string? Failure { get; init; }

    public bool Saved { get; init; }

    /// Why it still does not start with them; null when it does, or was not tried.
    public string? Refusal { get; init; }

    /// The plugin is running and works with them already; otherwise it will once it is loaded.
    public bool InForce { get; init; }

    /// What a person reads once they are saved.
    public string Told(string plugin) => Refusal is null
        ? $"The settings of {plugin} are saved and {(InForce ? "in force" : "wait until it is loaded")}."
        : $"The settings of {plugin} are saved, and it does not start with them either. {Refusal}";
}
