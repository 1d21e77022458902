using MedicineMan.Host.Access;
using MedicineMan.Host.Servers;
using MedicineMan.Host.Shell;
using MedicineMan.Jobs;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.JobScreens.Pages;

/// One job: how far it is, what it said, what each attempt came to; retry and cancel.
[Authorize]
internal sealed class JobModel(JobQueue jobs, JobActions actions, ServerStore servers, TimeProvider time) : PageModel
{
    private const int Lines = 500;

    public required JobRow Job { get; set; }

    public string? ServerName { get; private set; }

    public IReadOnlyList<JobAttempt> Attempts { get; private set; } = [];

    /// The last lines of the log; with <see cref="After"/> a part of the whole of it.
    public IReadOnlyList<JobLogLine> Log { get; private set; } = [];

    public long? After { get; private set; }

    public bool MayBeMore => Log.Count == Lines;

    public DateTimeOffset Now { get; } = time.GetUtcNow();

    /// <param name="log">Reads the log from its beginning (0) or after a line, in place of its end.</param>
    public async Task<IActionResult> OnGet(string id, long? log, CancellationToken cancel)
    {
        var organization = HttpContext.Visitor().Organization;
        if (await jobs.Find(organization.Value, id, cancel) is not { } job)
        {
            return NotFound();
        }

        (Job, After) = (job, log);
        ServerName = job.ServerId is null ? null : (await servers.Find(organization, job.ServerId, cancel))?.Name;
        Attempts = await jobs.Attempts(organization.Value, id, cancel);
        Log = log is { } after ? await jobs.Log(organization.Value, id, after, Lines, cancel) : await jobs.LogEnd(organization.Value, id, Lines, cancel);
        return Page();
    }

    public async Task<IActionResult> OnPostCancel(string id, CancellationToken cancel)
    {
        if (await actions.Cancel(HttpContext.Visitor(), id, cancel))
        {
            this.Say("Cancelled. What is running stops at the next safe point.");
        }
        else
        {
            this.Warn("There was nothing to cancel: the job has ended, or is stopping already.");
        }

        return RedirectToPage(new { id });
    }

    public async Task<IActionResult> OnPostRetry(string id, CancellationToken cancel)
    {
        if (await actions.Retry(HttpContext.Visitor(), id, cancel))
        {
            this.Say("The job runs again.");
        }
        else
        {
            this.Warn("The job cannot be retried now: it is waiting or running, it succeeded, or another one like it is under way.");
        }

        return RedirectToPage(new { id });
    }
}
