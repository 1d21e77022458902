using System.Text.Json.Nodes;
using MedicineMan.Host.Access;
using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Host.Plugins.Settings.Forms;
using MedicineMan.Host.Setup;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Backups.Pages;

/// A new repository on any storage that a plugin offers, by the storage's own form.
[Authorize]
internal sealed class NewRepositoryModel(RepositoryStore repositories, StorageKinds kinds, DataDirectory data) : PageModel
{
    [BindProperty]
    public string? Name { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? Kind { get; set; }

    [BindProperty]
    public string? Password { get; set; }

    public IReadOnlyList<StorageKind> Kinds { get; } = kinds.All;

    public SettingsForm Form { get; private set; } = SettingsForm.Of(SettingsSchema.Empty, null);

    public string? Problem { get; private set; }

    public void OnGet()
    {
        var chosen = Kinds.FirstOrDefault(one => one.Kind == (Kind ?? "local")) ?? (Kinds.Count > 0 ? Kinds[0] : null);
        Kind = chosen?.Kind;
        Name = Kind == "local" ? "Local repository" : $"{chosen?.Name} repository";
        Form = SettingsForm.Of(chosen?.Settings ?? SettingsSchema.Empty, Kind == "local" ? new JsonObject { ["path"] = data["repository"] } : null);
        Problem = chosen is null ? "No plugin in use offers a storage. See Settings, Plugins." : null;
    }

    public async Task<IActionResult> OnPost(CancellationToken cancel)
    {
        var visitor = HttpContext.Visitor();
        var kind = Kinds.FirstOrDefault(one => one.Kind == Kind);
        var schema = kind?.Settings ?? SettingsSchema.Empty;
        var draft = SettingsValues.FromForm(schema, Request.Form, SettingsForm.Prefix, null);
        Form = SettingsForm.Of(schema, [], draft);
        try
        {
            if (kind is null || string.IsNullOrWhiteSpace(Name) || Name.Trim().Length > 100)
            {
                throw new UserFacingException(kind is null ? "That kind of storage is not offered any more. Choose another one." : "Give the repository a name of at most 100 characters.");
            }

            return draft.Errors.Count > 0
                ? Page()
                : Redirect($"/backups/repositories/{await repositories.Add(visitor.Organization, visitor.Actor, kind.Repository(Name.Trim(), draft), string.IsNullOrEmpty(Password) ? null : Password, cancel)}");
        }
        catch (UserFacingException refused)
        {
            Problem = refused.Message;
            return Page();
        }
    }
}
