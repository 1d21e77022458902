using MedicineMan.Host.Access;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Schedules.Pages;

/// What the clock starts, by name.
[Authorize(Policies.Viewer)]
internal sealed class IndexModel(ScheduleStore schedules, ScheduleActions actions, PluginSchedules plugins, TimeProvider time) : PageModel
{
    private const int Rows = 50;

    public IReadOnlyList<(ScheduleRow Schedule, string Does)> Schedules { get; private set; } = [];

    /// What plugins have started; they work for the installation's first organisation.
    public IReadOnlyList<PluginTime> Plugins { get; private set; } = [];

    public string? Next { get; private set; }

    public async Task OnGet(string? after, CancellationToken cancel)
    {
        var page = await schedules.Page(HttpContext.Visitor().Organization, null, after, Rows, cancel);
        Next = page.Next is null ? null : $"?after={page.Next}";
        var read = new List<(ScheduleRow, string)>();
        foreach (var row in page.Items)
        {
            read.Add((row, await actions.Sentence(row, cancel)));
        }

        Schedules = read;
        Plugins = HttpContext.Visitor().IsOfTheHouse ? plugins.Times(time.GetUtcNow()) : [];
    }
}
