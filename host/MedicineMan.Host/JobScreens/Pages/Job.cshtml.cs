using MedicineMan.Host.Access;
using MedicineMan.Host.Servers;
using MedicineMan.Host.Shell;
using MedicineMan.Jobs;
using MedicineMan.Jobs.Grouping;
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

    public bool CanRunAgain { get; private set; }

    public string? ServerName { get; private set; }

    /// What it belongs to, and how many of its jobs are in which state.
    public JobGroup? Group { get; private set; }

    public IReadOnlyDictionary<JobState, long> GroupCounts { get; private set; } = new Dictionary<JobState, long>();

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

        (Job, After, CanRunAgain) = (job, log, actions.CanRunAgain(job));
        ServerName = job.ServerId is null ? null : (await servers.Find(organization, job.ServerId, cancel))?.Name;
        if (job.Group is { } group)
        {
            (Group, GroupCounts) = (await jobs.FindGroup(organization.Value, group, cancel), await jobs.GroupCounts(organization.Value, group, cancel));
        }

        Attempts = await jobs.Attempts(organization.Value, id, cancel);
        Log = log is { } after ? await jobs.Log(organization.Value, id, after, Lines, cancel) : await jobs.LogEnd(organization.Value, id, Lines, cancel);
        return Page();
    }

    public async Task<IActionResult> OnPostCancel(string id, CancellationToken cancel) =>
        Answer(id, await actions.Cancel(HttpContext.Visitor(), id, cancel), "Cancelled. What is running stops at the next safe point.", "There was nothing to cancel: the job has ended, or is stopping already.");

    public async Task<IActionResult> OnPostRetry(string id, CancellationToken cancel) =>
        Answer(id, await actions.Retry(HttpContext.Visitor(), id, cancel), "The job runs again.", "The job cannot be retried now: it is waiting or running, it succeeded, or another one like it is under way.");

    public async Task<IActionResult> OnPostRunAgain(string id, CancellationToken cancel)
    {
        var again = await actions.RunAgain(HttpContext.Visitor(), id, cancel);
        return Answer(again ?? id, again is not null, "This is the new job.", "Only a job that succeeded is run again, and none that is part of something else, such as a backup.");
    }

    private RedirectToPageResult Answer(string id, bool done, string yes, string no)
    {
        Action<string> tell = done ? this.Say : this.Warn;
        tell(done ? yes : no);
        return RedirectToPage(new { id });
    }
}
