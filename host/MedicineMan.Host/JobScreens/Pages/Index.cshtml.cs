using MedicineMan.Host.Access;
using MedicineMan.Host.Data;
using MedicineMan.Host.Servers;
using MedicineMan.Jobs;
using MedicineMan.Jobs.Monitoring;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.WebUtilities;

namespace MedicineMan.Host.JobScreens.Pages;

/// All work of the organisation, newest first, with what is going on at the top.
[Authorize(Policies.Viewer)]
internal sealed class IndexModel(JobQueue jobs, JobMonitor monitor, JobWorkerOptions options, ServerStore servers, TimeProvider time) : PageModel
{
    private const int Rows = 50;

    public IReadOnlyDictionary<JobState, long> Counts { get; private set; } = new Dictionary<JobState, long>();

    public JobFilter Filter { get; private set; } = new();

    /// The days as they were typed.
    public string? Since { get; private set; }

    public string? Until { get; private set; }

    public string? Problem { get; private set; }

    public bool IsFirst { get; private set; }

    public IReadOnlyList<JobRow> Jobs { get; private set; } = [];

    public IReadOnlyDictionary<string, string> ServerNames { get; private set; } = new Dictionary<string, string>();

    public string? Next { get; private set; }

    public IReadOnlyList<UnservedQueue> Unserved { get; private set; } = [];

    public DateTimeOffset Now { get; } = time.GetUtcNow();

    public bool Filtered => Filter != new JobFilter();

    public async Task OnGet(string? state, string? type, string? server, string? person, string? group, string? q, string? since, string? until, string? after, CancellationToken cancel)
    {
        var organization = HttpContext.Visitor().Organization;
        var problem = Given(state) is { } word && JobView.Read(word) is null ? $"“{word}” is no state. {JobView.StatesThereAre}" : null;
        Filter = new JobFilter { State = JobView.Read(state), Type = Given(type), ServerId = Given(server), Person = Given(person), Group = Given(group), Text = Given(q), Since = Days.Start(since, 0, ref problem), Until = Days.Start(until, 1, ref problem) };
        (Since, Until, Problem) = (since, until, problem);
        IsFirst = after is null;
        Unserved = await monitor.Unserved(organization.Value, options.Lease, cancel);
        Counts = await jobs.Counts(organization.Value, cancel);
        var page = await jobs.List(organization.Value, Filter, Cursor.Parse(after, 1)?.Keys[0], Rows, cancel);
        Jobs = page.Rows;
        Next = page.Next is null ? null : ListUrl(Filter, new Cursor(page.Next).ToString());
        var names = new Dictionary<string, string>();
        foreach (var id in Jobs.Select(job => job.ServerId).Append(Filter.ServerId).OfType<string>().Distinct())
        {
            names[id] = (await servers.Find(organization, id, cancel))?.Name ?? "removed server";
        }

        ServerNames = names;
    }

    /// The address of this list with another filter.
    public static string ListUrl(JobFilter filter, string? after = null) => QueryHelpers.AddQueryString("/jobs", new Dictionary<string, string?>
    {
        ["state"] = filter.State?.Word(), ["type"] = filter.Type, ["server"] = filter.ServerId, ["person"] = filter.Person, ["group"] = filter.Group, ["q"] = filter.Text,
        ["since"] = Days.Text(filter.Since), ["until"] = Days.Text(filter.Until?.AddDays(-1)), ["after"] = after,
    }.Where(pair => pair.Value is not null));

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
