using MedicineMan.Host.Access;
using MedicineMan.Host.Backups.Runs;
using MedicineMan.Host.Setup;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Dashboard.Pages;

/// What is protected, what is proven, what failed; nothing here that is not a real number.
internal sealed class IndexModel(SetupState setup, SetupSteps steps, Numbers numbers, RunStore runs) : PageModel
{
    public bool KitConfirmed { get; private set; }

    public Figures Figures { get; private set; } = new();

    /// The latest, whatever their plan.
    public IReadOnlyList<RunRow> Runs { get; private set; } = [];

    /// The address of the setup step to go on with; home when all are done.
    public string NextStep { get; private set; } = "/";

    public async Task OnGet(CancellationToken cancel)
    {
        var visitor = HttpContext.Visitor();
        KitConfirmed = (await setup.Read(visitor.Organization, cancel)).KitConfirmedAt is not null;
        Figures = await numbers.Count(visitor.Organization, cancel);
        Runs = (await runs.Page(visitor.Organization, null, null, 5, cancel)).Items;
        NextStep = await steps.Next(visitor, cancel);
    }
}
