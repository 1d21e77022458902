using MedicineMan.Host.Access;
using MedicineMan.Host.Plugins.Packages;
using MedicineMan.Host.Plugins.Settings.Forms;
using MedicineMan.Host.Shell;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Plugins.Settings.Pages;

/// The settings of one plugin: checked, tried out, saved. What was sent stays in the form until it is saved, but for secrets: those wait in
/// the vault under the draft.
[Authorize(Policies.Installation)]
internal sealed class EditModel(PluginSettings settings) : PageModel
{
    [BindProperty]
    public string? DraftId { get; set; }

    public PluginForm Plugin { get; private set; } = null!;

    public SettingsForm Form { get; private set; } = null!;

    public SettingsOutcome? Outcome { get; private set; }

    public string? Problem { get; private set; }

    public async Task<IActionResult> OnGet(string id, CancellationToken cancel)
    {
        if (await settings.Find(id, cancel) is not { } plugin)
        {
            return NotFound();
        }

        (Plugin, Form) = (plugin, SettingsForm.Of(plugin.Schema, plugin.Row?.Values));
        return Page();
    }

    public Task<IActionResult> OnPost(string id, CancellationToken cancel) => Sent(id, (plugin, draft) => settings.Save(plugin, draft, HttpContext.Visitor().Administrator(), anyway: false, cancel), cancel);

    public Task<IActionResult> OnPostAnyway(string id, CancellationToken cancel) => Sent(id, (plugin, draft) => settings.Save(plugin, draft, HttpContext.Visitor().Administrator(), anyway: true, cancel), cancel);

    public Task<IActionResult> OnPostTest(string id, CancellationToken cancel) => Sent(id, (plugin, draft) => settings.Test(plugin, draft, HttpContext.Visitor().Administrator(), cancel), cancel);

    private async Task<IActionResult> Sent(string id, Func<PluginForm, SettingsDraft, Task<SettingsOutcome>> action, CancellationToken cancel)
    {
        if (await settings.Find(id, cancel) is not { } plugin)
        {
            return NotFound();
        }

        var stored = plugin.Stored(DraftId);
        var draft = SettingsValues.FromForm(plugin.Schema, Request.Form, SettingsForm.Prefix, stored);
        (Plugin, Form) = (plugin, SettingsForm.Of(plugin.Schema, stored ?? [], draft));
        if (draft.Errors.Count > 0)
        {
            return Page();
        }

        try
        {
            Outcome = await action(plugin, draft);
        }
        catch (UserFacingException refused)
        {
            Problem = refused.Message;
            return Page();
        }

        if (Outcome.Saved)
        {
            (Outcome.Refusal is null ? (Action<string>)this.Say : this.Warn)(Outcome.Told(plugin.Manifest.Name));
            return RedirectToPage(new { id });
        }

        Form = SettingsForm.Of(plugin.Schema, Outcome.Row.DraftValues, draft);
        return Page();
    }
}
