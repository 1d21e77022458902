using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using MedicineMan.Host.Access;
using MedicineMan.Host.Api.Contract;
using MedicineMan.Host.Plugins.Packages;
using MedicineMan.Host.Plugins.Settings.Forms;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace MedicineMan.Host.Plugins.Settings;

internal static class PluginSettingsApi
{
    public static void Map(RouteGroupBuilder plugins)
    {
        plugins.MapGet("/{id}/settings", Get).RequireAuthorization(Policies.Installation).WithName("getPluginSettings").WithSummary("Settings of a plugin; of a secret only whether it is set");
        plugins.MapPut("/{id}/settings", Put).RequireAuthorization(Policies.Installation).WithName("setPluginSettings").WithSummary("Tries settings out and puts them in force");
    }

    private static async Task<Ok<PluginSettingsAnswer>> Get(string id, PluginSettings settings, CancellationToken cancel) =>
        TypedResults.Ok(PluginSettingsAnswer.Of(await One(id, settings, cancel)));

    private static async Task<Ok<PluginSettingsAnswer>> Put(string id, [FromBody] PluginSettingsRequest request, HttpContext http, PluginSettings settings, CancellationToken cancel)
    {
        var plugin = await One(id, settings, cancel);
        var draft = SettingsValues.FromJson(plugin.Schema, request.Settings!, plugin.Row?.Values);
        if (draft.Errors.Count > 0)
        {
            throw ApiProblem.Invalid(draft.Errors.ToDictionary(error => $"settings.{error.Key}", error => new[] { $"{error.Key} {error.Value}." }));
        }

        var outcome = await settings.Save(plugin, draft, http.Visitor().Administrator(), request.Anyway, cancel);
        return outcome.Saved
            ? TypedResults.Ok(PluginSettingsAnswer.Of(plugin with { Row = outcome.Row }))
            : throw new ApiProblem(StatusCodes.Status422UnprocessableEntity, "test-failed", $"The test failed, and nothing was saved: {outcome.Failure?.TrimEnd('.')}. Send \"anyway\": true to save all the same.");
    }

    private static async Task<PluginForm> One(string id, PluginSettings settings, CancellationToken cancel) =>
        await settings.Find(id, cancel) ?? throw ApiProblem.NotFound("plugin with settings", id);
}

internal sealed record PluginSettingsRequest
{
    /// All settings: what is left out has its default. A secret that is left out stays, and null removes it.
    [Required(ErrorMessage = "Send the settings as an object.")]
    public JsonObject? Settings { get; init; }

    /// Saves also when the plugin's own test fails.
    public bool Anyway { get; init; }
}

/// <param name="Version">Of the settings' shape.</param>
/// <param name="SavedAt">Null when nobody has saved any, and the defaults hold.</param>
internal sealed record PluginSettingsAnswer(string Plugin, int Version, JsonObject Settings, DateTimeOffset? SavedAt)
{
    public static PluginSettingsAnswer Of(PluginForm plugin) => new(
        plugin.Manifest.Id, plugin.Manifest.SettingsVersion, Shown(plugin.Schema, SettingsValues.Fitting(plugin.Schema, plugin.Row?.Values ?? [])), plugin.Row?.Settings is null ? null : plugin.Row.SavedAt);

    /// Without the handles: of a secret only that there is one. Lengths of time are as they are typed.
    public static JsonObject Shown(SettingsSchema schema, JsonObject values)
    {
        var shown = values.DeepClone().AsObject();
        foreach (var field in schema.Fields.Where(field => field.Format == "duration" && shown[field.Name] is not null))
        {
            shown[field.Name] = shown[field.Name] is JsonArray list ? new JsonArray([.. list.Select(one => JsonValue.Create(field.Typed(one)))]) : field.Typed(shown[field.Name]);
        }

        foreach (var field in schema.Fields.Where(field => field.IsSecret && shown.ContainsKey(field.Name)))
        {
            shown[field.Name] = new JsonObject { ["set"] = true };
        }

        return shown;
    }
}
