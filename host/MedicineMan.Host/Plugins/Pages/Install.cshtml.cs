using MedicineMan.Host.Access;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Plugins.Packages;
using MedicineMan.Host.Plugins.Packages.Format;
using MedicineMan.Host.Plugins.Packages.Installed;
using MedicineMan.Host.Plugins.Packages.Registries;
using MedicineMan.Host.Shell;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Plugins.Pages;

/// Where plugins come from: a package somebody has, or a registry.
[Authorize(Policies.Installation)]
[RequestSizeLimit(Largest), RequestFormLimits(MultipartBodyLengthLimit = Largest)]
internal sealed class InstallModel(PluginInstaller installer, RegistryStore store, ThirdPartyRegistries registries) : PageModel
{
    private const long Largest = PackageForm.LargestPackage + (64 << 10);

    public IReadOnlyList<RegistryRow> Registries { get; private set; } = [];

    public string? Problem { get; private set; }

    public async Task OnGet(CancellationToken cancel) => Registries = await store.List(cancel);

    public Task<IActionResult> OnPostInstall(string plugin, string? version, string? trust, CancellationToken cancel) =>
        Act(async actor => Next(await installer.Install(actor, plugin, version, Given(trust), cancel)), cancel);

    public Task<IActionResult> OnPostUpload(IFormFile? package, string? trust, CancellationToken cancel) => Act(async actor =>
    {
        await using var stream = package?.OpenReadStream() ?? throw new UserFacingException($"Choose a package first: a file that ends with {PackageForm.Extension}.");
        return Next(await installer.Upload(actor, new SentPackage(stream, package.FileName), Given(trust), cancel));
    }, cancel);

    public Task<IActionResult> OnPostAdd(string? location, CancellationToken cancel) =>
        Act(async actor => Done($"{(await registries.Add(actor, location?.Trim() ?? "", cancel)).Name} is added, and its key is pinned."), cancel);

    public Task<IActionResult> OnPostRefresh(string id, CancellationToken cancel) => Act(async _ =>
    {
        await registries.Refresh(id, cancel);
        await installer.Tend(cancel);
        return Done("The registry is up to date.");
    }, cancel);

    public Task<IActionResult> OnPostTrust(string id, string fingerprint, CancellationToken cancel) =>
        Act(async actor => Done($"The new key of {(await registries.Trust(actor, id, fingerprint, cancel)).Name} is pinned."), cancel);

    public Task<IActionResult> OnPostForget(string id, CancellationToken cancel) =>
        Act(async actor => Done($"{await registries.Remove(actor, id, cancel)} is forgotten; what was installed from it stays."), cancel);

    private RedirectResult Next(InstalledPlugin row) =>
        row.PendingVersion is null ? Done($"{row.Name} {row.ActiveVersion} is installed and runs.", "/settings/plugins") : Redirect($"/settings/plugins/install/{row.Id}");

    private RedirectResult Done(string sentence, string to = "/settings/plugins/install")
    {
        this.Say(sentence);
        return Redirect(to);
    }

    private static string? Given(string? trust) => string.IsNullOrWhiteSpace(trust) ? null : trust.Trim();

    private async Task<IActionResult> Act(Func<Actor, Task<RedirectResult>> act, CancellationToken cancel)
    {
        try
        {
            return await act(HttpContext.Visitor().Administrator());
        }
        catch (UserFacingException refused)
        {
            (Problem, Registries) = (refused.Message, await store.List(cancel));
            return Page();
        }
    }
}
