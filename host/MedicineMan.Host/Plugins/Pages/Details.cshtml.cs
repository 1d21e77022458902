using System.Globalization;
using MedicineMan.Host.Access;
using MedicineMan.Host.Plugins.Faults;
using MedicineMan.Host.Plugins.Packages;
using MedicineMan.Host.Shell;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Plugins.Pages;

/// One plugin: how it is, how often and how long it was called, what it logged, and what can be done when it fails.
[Authorize(Policies.Viewer)]
internal sealed class DetailsModel(PluginCatalogue catalogue, PluginListing listing, Quarantine quarantine, FaultActions actions) : PageModel
{
    public required PluginStatus Plugin { get; set; }

    public IReadOnlyList<Measure> Measures { get; private set; } = [];

    /// Not for other organisations: a plugin works for all of them, and its log names what it works on.
    public IReadOnlyList<PluginLogLine> Log { get; private set; } = [];

    public bool CanChange { get; private set; }

    public bool IsHeld => quarantine.Reason(Plugin.Id) is not null;

    public ListedPlugin? Listed { get; private set; }

    public async Task<IActionResult> OnGet(string id, CancellationToken cancel)
    {
        if (catalogue.Entry(id) is not { } entry || catalogue.Find(id) is not { } status)
        {
            return NotFound();
        }

        (Plugin, Measures, Log) = (status, entry.Measures.Read(), HttpContext.Visitor().IsOfTheHouse ? entry.Log.Lines : []);
        Listed = (await listing.Here(id, cancel)).FirstOrDefault(one => one.Status.Id == id);
        CanChange = HttpContext.Visitor().RunsInstallation;
        return Page();
    }

    public Task<IActionResult> OnPostResume(string id, CancellationToken cancel) => Do(id, "It is called again.", visitor => actions.Resume(visitor, id, cancel));

    public Task<IActionResult> OnPostRelease(string id, CancellationToken cancel) => Do(id, "It is being loaded again.", visitor => actions.Release(visitor, id, cancel));

    private async Task<IActionResult> Do(string id, string said, Func<Visitor, Task> action)
    {
        try
        {
            await action(HttpContext.Visitor());
            this.Say(said);
        }
        catch (UserFacingException refused) when (refused is not PermissionMissingException)
        {
            this.Warn(refused.Message);
        }

        return RedirectToPage(new { id });
    }

    public static string Word(string kind) => kind switch { "route" => "Requests", "job" => "Jobs", "fragment" => "Fragments drawn", "provider" => "Calls of its providers", "event" => "Events", _ => kind };

    public static string Time(double milliseconds) => milliseconds switch
    {
        < 1 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds * 1000:0} µs"),
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0.#} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1000:0.#} s"),
    };
}
