using MedicineMan.Host.Access;
using MedicineMan.Host.Shell;
using MedicineMan.Jobs.Monitoring;
using MedicineMan.Jobs;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Mvc;

namespace MedicineMan.Host.JobScreens.Pages;

/// What gave up, by what it gave up on.
[Authorize(Policies.Viewer)]
internal sealed class DeadModel(JobMonitor jobs, JobActions actions) : PageModel
{
    public IReadOnlyList<DeadKind> Kinds { get; private set; } = [];

    public async Task OnGet(CancellationToken cancel) => Kinds = await jobs.DeadKinds(HttpContext.Visitor().Organization.Value, cancel);

    public async Task<IActionResult> OnPostRetry(string type, string? signature, string upTo, CancellationToken cancel)
    {
        HttpContext.Visitor().Demand(Role.Operator);
        var job = await actions.RetryDead(HttpContext.Visitor(), new DeadScope(upTo) { Type = type, Signature = signature }, cancel);
        this.Say("The dead jobs of this kind are being run again.");
        return Redirect($"/jobs/{job}");
    }
}
