using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedicineMan.Host.Access;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Jobs;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.DataProtection;

namespace MedicineMan.Host.Plugins.Actions;

/// What a button of a fragment may start: a job that the manifest declares for it, with the arguments that were drawn. They travel through
/// the browser sealed to the person they were drawn for, so nobody can start the job with others.
internal sealed class PluginActions(PluginCatalogue catalogue, Database database, JobQueue jobs, AuditLog audit, IDataProtectionProvider protection)
{
    private readonly IDataProtector seal = protection.CreateProtector("MedicineMan.PluginAction");

    public ActionDeclaration? Find(string plugin, string action) => catalogue.ManifestOf(plugin)?.Actions.FirstOrDefault(one => one.Id == action);

    public string Seal(Visitor visitor, string plugin, string action, IReadOnlyDictionary<string, string> arguments) =>
        seal.Protect(JsonSerializer.Serialize(new Drawn(visitor.PersonId, plugin, action, arguments)));

    /// What was pressed, for somebody who may.
    /// <exception cref="PermissionMissingException">The role does not permit it.</exception>
    /// <exception cref="UserFacingException">It was not drawn for this visitor, or is not there any more.</exception>
    public PressedAction Open(Visitor visitor, string plugin, string action, string? sealedText)
    {
        if (Find(plugin, action) is not { } declared || catalogue.ManifestOf(plugin) is not { } manifest)
        {
            throw new UserFacingException("That action is not offered any more. Reload the page it was on.");
        }

        visitor.Demand(Roles.Parse(declared.Permission));
        return Read(sealedText) is { } drawn && drawn.Person == visitor.PersonId && drawn.Plugin == plugin && drawn.Action == action
            ? new PressedAction(manifest, declared, drawn.Arguments)
            : throw new UserFacingException("The button that was pressed was not drawn here for you. Reload the page it was on and press it again.");
    }

    /// <returns>The id of the job.</returns>
    public Task<string> Start(Visitor visitor, PressedAction pressed, CancellationToken cancel) => database.Write(
        async transaction =>
        {
            var (manifest, action) = (pressed.Manifest, pressed.Action);
            var arguments = new JsonObject(pressed.Arguments.Select(one => KeyValuePair.Create(one.Key, (JsonNode?)one.Value)));
            var request = PluginJobs.Request(manifest, action.Job, arguments.ToJsonString(), null) with
            {
                Organization = visitor.Organization.Value, Title = $"{manifest.Name}: {action.Id}", RequestedBy = visitor.Name, Priority = visitor.Actor.Priority,
            };
            var job = await jobs.Enqueue(transaction, request, cancel);
            var entry = new AuditEntry("plugin.action", "plugin", manifest.Id, manifest.Name) { Detail = new Dictionary<string, string> { ["action"] = action.Id, ["job"] = job } };
            await audit.Record(transaction, visitor.Organization, visitor.Actor, entry, cancel);
            return job;
        },
        cancel);

    private Drawn? Read(string? text)
    {
        try
        {
            return string.IsNullOrEmpty(text) ? null : JsonSerializer.Deserialize<Drawn>(seal.Unprotect(text));
        }
        catch (CryptographicException)
        {
            // Forged, or drawn before the keys were replaced: either way it is not ours, and Open says so.
            return null;
        }
    }

    private sealed record Drawn(string Person, string Plugin, string Action, IReadOnlyDictionary<string, string> Arguments);
}

/// A button somebody pressed.
internal sealed record PressedAction(PluginManifest Manifest, ActionDeclaration Action, IReadOnlyDictionary<string, string> Arguments);
