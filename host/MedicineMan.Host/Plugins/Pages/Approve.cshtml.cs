using MedicineMan.Host.Access;
using MedicineMan.Host.Plugins.Packages;
using MedicineMan.Host.Plugins.Packages.Installed;
using MedicineMan.Host.Shell;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Plugins.Pages;

/// What an installed version asks for, with its author's reasons, before a line of it runs; and of the one in use, what it could do without.
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
            var actor = HttpContext.Visitor().Administrator();
            string[] typed = [.. confirmed?.Select(text => text?.Trim() ?? "") ?? []];
            if (await listing.Pending(id, cancel) is null && await listing.InUse(id, cancel) is { } used && used.Manifest.Version == version)
            {
                var kept = used.Manifest.Capabilities.Where(capability => !capability.Optional || approved?.Contains(capability.Name) == true);
                this.Say($"What {(await installer.Reapprove(actor, id, [.. kept.SelectMany(CapabilityText.Of)], typed, cancel)).Name} may do is changed, and in force.");
                return Redirect($"/settings/plugins/{id}");
            }

            var row = await installer.Approve(actor, id, version, approved ?? [], typed, cancel);
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
        if ((await listing.Pending(id, cancel) ?? await listing.InUse(id, cancel)) is not { } pending)
        {
            return Problem is null ? NotFound() : Redirect("/settings/plugins");
        }

        Pending = pending;
        return Page();
    }
}
