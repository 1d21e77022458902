using MedicineMan.Host.Access;
using MedicineMan.Host.Plugins.Fragments;
using MedicineMan.Host.Servers;
using MedicineMan.Host.Setup;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Dashboard.Pages;

/// What is protected, what is proven, what failed; nothing here that is not a real number.
internal sealed class IndexModel(SetupState setup, SetupSteps steps, ServerStore servers, Fragments fragments) : PageModel
{
    public bool KitConfirmed { get; private set; }

    public bool AnyServer { get; private set; }

    /// The address of the setup step to go on with; home when all are done.
    public string NextStep { get; private set; } = "/";

    /// What plugins add.
    public IReadOnlyList<RenderedFragment> Cards { get; private set; } = [];

    public async Task OnGet(CancellationToken cancel)
    {
        var visitor = HttpContext.Visitor();
        KitConfirmed = (await setup.Read(visitor.Organization, cancel)).KitConfirmedAt is not null;
        AnyServer = (await servers.Page(visitor.Organization, null, null, null, 1, cancel)).Items.Count > 0;
        NextStep = await steps.Next(visitor, cancel);
        Cards = await fragments.Render("dashboard.card", null, "en", cancel);
    }
}
