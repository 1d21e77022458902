using MedicineMan.Host.Access;
using MedicineMan.Jobs.Monitoring;
using MedicineMan.Jobs;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.JobScreens.Pages;

/// What was done over time, and how long jobs waited and ran.
[Authorize(Policies.Viewer)]
internal sealed class ThroughputModel(JobMonitor jobs, TimeProvider time) : PageModel
{
    public StatsRange Range { get; private set; } = StatsRange.All[0];

    public IReadOnlyList<JobStats> Steps { get; private set; } = [];

    public long Most => Math.Max(1, Steps.Max(step => step.Succeeded));

    public async Task OnGet(string? range, CancellationToken cancel)
    {
        Range = StatsRange.Find(range) ?? StatsRange.All[0];
        Steps = await jobs.Stats(HttpContext.Visitor().Organization.Value, time.GetUtcNow() - Range.Length, Range.Step, null, cancel);
    }
}
