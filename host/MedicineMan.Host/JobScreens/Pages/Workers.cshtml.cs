using MedicineMan.Host.Access;
using MedicineMan.Host.Shell;
using MedicineMan.Jobs.Monitoring;
using MedicineMan.Jobs.Pausing;
using MedicineMan.Jobs;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Mvc;

namespace MedicineMan.Host.JobScreens.Pages;

/// Who works, what waits for them, and what is held back.
[Authorize(Policies.Viewer)]
internal sealed class WorkersModel(JobMonitor monitor, JobPauses pauses, JobActions actions, JobWorkerOptions options, TimeProvider time) : PageModel
{
    public IReadOnlyList<JobWorkerRow> Workers { get; private set; } = [];

    public IReadOnlyList<QueueBacklog> Backlog { get; private set; } = [];

    public IReadOnlyList<JobPause> Pauses { get; private set; } = [];

    /// The names of types and queues, to choose from.
    public IReadOnlyList<string> Holdable { get; private set; } = [];

    public IReadOnlyList<UnservedQueue> Unserved { get; private set; } = [];

    /// Its jobs are others' by now.
    public bool IsAway(JobWorkerRow worker) => time.GetUtcNow() - worker.SeenAt > options.Lease;

    public async Task OnGet(CancellationToken cancel)
    {
        Workers = await monitor.Workers(cancel);
        Unserved = await monitor.Unserved(HttpContext.Visitor().Organization.Value, options.Lease, cancel);
        Backlog = await monitor.Backlog(cancel);
        Pauses = await pauses.List(HttpContext.Visitor().Organization.Value, cancel);
        Holdable = [.. actions.Types, .. JobActions.Queues(Backlog)];
    }

    public async Task<IActionResult> OnPostPause(PauseKind kind, string? name, CancellationToken cancel)
    {
        HttpContext.Visitor().Demand(Role.Admin);
        try
        {
            if (kind is not PauseKind.All && string.IsNullOrWhiteSpace(name))
            {
                this.Warn("Name the queue or the type that is to be held back.");
            }
            else if (!await actions.Pause(HttpContext.Visitor(), kind, kind is PauseKind.All ? "" : name!.Trim(), cancel))
            {
                this.Warn("That is held back already.");
            }
        }
        catch (UserFacingException refused)
        {
            this.Warn(refused.Message);
        }

        return RedirectToPage();
    }

    public async Task<IActionResult> OnPostResume(PauseKind kind, string? name, CancellationToken cancel)
    {
        HttpContext.Visitor().Demand(Role.Admin);
        if (!await actions.Resume(HttpContext.Visitor(), kind, name ?? "", cancel))
        {
            this.Warn("That is not held back any more.");
        }

        return RedirectToPage();
    }
}
