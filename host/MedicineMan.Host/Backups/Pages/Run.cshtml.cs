using System.Text.Json;
using MedicineMan.Host.Access;
using MedicineMan.Host.Backups.Runs;
using MedicineMan.Host.Data;
using MedicineMan.Host.JobScreens;
using MedicineMan.Host.Shell;
using MedicineMan.Jobs;
using MedicineMan.Sdk.Backups;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Backups.Pages;

/// One run: its three truths live, what it holds, and what can be done with it.
[Authorize]
internal sealed class RunModel(RunStore runs, JobQueue jobs, JobActions actions, TimeProvider time) : PageModel
{
    public required RunRow Run { get; set; }

    public IReadOnlyList<StageView> Stages { get; private set; } = [];

    public Page<RunObject> Objects { get; private set; } = new([], null);

    public IReadOnlyList<JobLogLine> Log { get; private set; } = [];

    public JobRow? ActiveJob { get; private set; }

    public bool Retrying => ActiveJob?.State is JobState.Retrying;

    public IReadOnlyDictionary<string, long> Compared => Read<Dictionary<string, long>>(Run.Compared) ?? [];

    public IReadOnlyDictionary<string, string> Tools => Read<Dictionary<string, string>>(Run.Tools) ?? [];

    public IReadOnlyList<ProofDifference> Differences => Read<ProofDifference[]>(Run.Differences) ?? [];

    public async Task<IActionResult> OnGet(string id, string? after, CancellationToken cancel)
    {
        var organization = HttpContext.Visitor().Organization;
        if (await runs.Find(organization, id, cancel) is not { } run)
        {
            return NotFound();
        }

        Run = run;
        var dumping = run.DumpJobId is null ? null : await jobs.Find(organization.Value, run.DumpJobId, cancel);
        var proving = run.ProveJobId is null ? null : await jobs.Find(organization.Value, run.ProveJobId, cancel);
        Stages = StageView.Of(run, dumping, proving, time.GetUtcNow());
        ActiveJob = new[] { proving, dumping }.FirstOrDefault(job => job is { EndedAt: null });
        Objects = await runs.Objects(organization, id, after, 50, cancel);
        foreach (var job in new[] { run.DumpJobId, run.ProveJobId }.OfType<string>())
        {
            Log = [.. Log, .. await jobs.Log(organization.Value, job, 0, 200, cancel)];
        }

        return Page();
    }

    public Task<IActionResult> OnPostCancel(string id, CancellationToken cancel) => Do(id, "Cancelling.", (visitor, run) => actions.Cancel(visitor, run.ProveJobId ?? run.DumpJobId!, cancel), cancel);

    public Task<IActionResult> OnPostProve(string id, CancellationToken cancel) => Do(id, "The proof is on its way.", (visitor, run) => runs.Prove(visitor.Organization, visitor.Actor, run.Id, cancel), cancel);

    public async Task<IActionResult> OnPostAgain(string id, CancellationToken cancel)
    {
        var visitor = HttpContext.Visitor();
        var run = await runs.Get(visitor.Organization, id, cancel);
        return Redirect($"/backups/runs/{await runs.BackUpNow(visitor.Organization, visitor.Actor, run.PlanId, cancel)}");
    }

    private async Task<IActionResult> Do(string id, string said, Func<Visitor, RunRow, Task> action, CancellationToken cancel)
    {
        var visitor = HttpContext.Visitor();
        await action(visitor, await runs.Get(visitor.Organization, id, cancel));
        this.Say(said);
        return RedirectToPage(new { id });
    }

    private static T? Read<T>(string? json)
        where T : class => json is null ? null : JsonSerializer.Deserialize<T>(json);
}
