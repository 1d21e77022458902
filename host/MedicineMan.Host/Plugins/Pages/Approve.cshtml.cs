using MedicineMan.Host.Access;
using MedicineMan.Host.Plugins.Packages;
using MedicineMan.Host.Shell;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Plugins.Pages;

/// What an installed version asks for, with its author's reasons, before a line of it runs.
[Authorize(Policies.Installation)]
internal sealed class ApproveModel(PluginListing listing, PluginInstaller installer) : PageModel
{
    public PendingPlugin Pending { get; private set; } = null!;

    public string? Problem { get; private set; }

    public Task<IActionResult> OnGet(string id, CancellationToken cancel) => Show(id, cancel);

    public async Task<IActionResult> OnPost(string id, string version, string[]? approved, string[]? confirmed, CancellationToken cancel)
    {
        try
        {
            var row = await installer.Approve(HttpContext.Visitor().Administrator(), id, version, approved ?? [], [.. confirmed?.Select(text => text?.Trim() ?? "") ?? []], cancel);
            this.Say($"{row.Name} {row.ActiveVersion} is approved and runs.");
            return Redirect("/settings/plugins");
        }
        catch (UserFacingException refused)
        {
            Problem = refused.Message;
            return await Show(id, cancel);
        }
    }

    public async Task<IActionResult> OnPostDecline(string id, CancellationToken cancel)
    {
        try
        {
            await installer.Decline(HttpContext.Visitor().Administrator(), id, cancel);
            this.Say($"The waiting version of {id} is turned down.");
            return Redirect("/settings/plugins");
        }
        catch (UserFacingException refused)
        {
            Problem = refused.Message;
            return await Show(id, cancel);
        }
    }

    private async Task<IActionResult> Show(string id, CancellationToken cancel)
    {
        if (await listing.Pending(id, cancel) is not { } pending)
        {
            return Problem is null ? NotFound() : Redirect("/settings/plugins");
        }

        Pending = pending;
        return Page();
    }
}
