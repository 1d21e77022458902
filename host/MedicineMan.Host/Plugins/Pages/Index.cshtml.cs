using System.Text;
using MedicineMan.Host.Access;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Plugins.Packages;
using MedicineMan.Host.Plugins.Packages.Installed;
using MedicineMan.Host.Shell;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Plugins.Pages;

/// Every plugin of this host: what state it is in and why, what it asks for, what it adds, and what can be done with it; and those that the
/// registries offer.
[Authorize(Policies.Viewer)]
internal sealed class IndexModel(PluginCatalogue catalogue, PluginListing listing, PluginInstaller installer, PluginLocks locks) : PageModel
{
    [BindProperty(SupportsGet = true, Name = "q")]
    public string? Q { get; set; }

    public IReadOnlyList<ListedPlugin> Plugins { get; private set; } = [];

    public IReadOnlyList<Offer> Available { get; private set; } = [];

    public string? Problem { get; } = catalogue.Problem;

    public string? Refused { get; private set; }

    public bool TakesUnsigned { get; } = listing.TakesUnsigned;

    public async Task OnGet(CancellationToken cancel) =>
        (Plugins, Available) = ([.. (await listing.Here(Q, cancel)).OrderBy(plugin => plugin.Status.Name, StringComparer.OrdinalIgnoreCase)], await listing.Available(Q, cancel));

    public async Task<IActionResult> OnGetLock(CancellationToken cancel)
    {
        _ = HttpContext.Visitor().Administrator();
        return File(Encoding.UTF8.GetBytes((await locks.Read(cancel)).Write()), "application/json", PluginLock.FileName);
    }

    public Task<IActionResult> OnPostEnable(string id, CancellationToken cancel) => Act(actor => installer.Enable(actor, id, cancel), $"{id} is in use again.", cancel);

    public Task<IActionResult> OnPostDisable(string id, CancellationToken cancel) => Act(actor => installer.Disable(actor, id, cancel), $"{id} is disabled.", cancel);

    public Task<IActionResult> OnPostRollBack(string id, CancellationToken cancel) => Act(actor => installer.RollBack(actor, id, cancel), $"{id} runs in the version before.", cancel);

    public Task<IActionResult> OnPostUpgrade(string id, string? version, CancellationToken cancel) => Act(actor => installer.Upgrade(actor, id, version, null, cancel), $"{id} was upgraded.", cancel);

    public Task<IActionResult> OnPostRemove(string id, string? confirmation, CancellationToken cancel) => Act(
        actor => confirmation?.Trim() == id ? installer.Remove(actor, id, cancel) : throw new UserFacingException($"To remove {id}, type its identity exactly. Nothing was removed."), $"{id} is removed.", cancel);

    public static (string Tone, string Icon, string Word) State(PluginState state) => state switch
    {
        PluginState.Started => ("fine", "player-play", "Running"),
        PluginState.Loaded => ("busy", "loader-2", "Starting"),
        PluginState.Discovered => ("none", "circle-dashed", "Not loaded yet"),
        PluginState.Disabled => ("none", "player-pause", "Disabled"),
        PluginState.Draining => ("busy", "loader-2", "Finishing its work"),
        PluginState.Retired => ("none", "player-stop", "Taken out"),
        PluginState.Quarantined => ("bad", "ban", "Quarantined"),
        _ => ("bad", "circle-x", "Faulted"),
    };

    private async Task<IActionResult> Act(Func<Actor, Task> act, string done, CancellationToken cancel)
    {
        try
        {
            await act(HttpContext.Visitor().Administrator());
            this.Say(done);
            return Redirect("/settings/plugins");
        }
        catch (UserFacingException refused) when (refused is not PermissionMissingException)
        {
            Refused = refused.Message;
            await OnGet(cancel);
            return Page();
        }
    }
}
