using MedicineMan.Host.Access;
using MedicineMan.Host.Backups.Restores;
using MedicineMan.Host.Backups.Runs;
using MedicineMan.Host.Servers;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Backups.Pages;

/// Restores what a run holds: which database, which tables, whereto, under which name. Tried first, then done.
[Authorize]
internal sealed class RestoreModel(RunStore runs, RestoreStore restores, ServerStore servers) : PageModel
{
    private const int MostTables = 1000;

    [BindProperty]
    public RestoreForm Form { get; set; } = new();

    public required RunRow Run { get; set; }

    public IReadOnlyList<RunObject> Objects { get; private set; } = [];

    public bool More { get; private set; }

    public IReadOnlyList<ServerRow> Servers { get; private set; } = [];

    public string? Problem { get; private set; }

    public async Task<IActionResult> OnGet(string id, string? item, string? table, CancellationToken cancel)
    {
        if (await runs.Find(HttpContext.Visitor().Organization, id, cancel) is not { SnapshotId: not null } run)
        {
            return NotFound();
        }

        var chosen = item == TargetName.Item || run.ItemNames.Contains(item) ? item! : run.ItemNames[0];
        Form = new RestoreForm { Item = chosen, ServerId = run.ServerId, Target = $"{chosen}_restored", Tables = table is null ? [] : [table] };
        await Show(run, cancel);
        return Page();
    }

    public async Task<IActionResult> OnPost(string id, CancellationToken cancel)
    {
        var visitor = HttpContext.Visitor();
        var run = await runs.Get(visitor.Organization, id, cancel);
        try
        {
            var ids = new List<string>();
            foreach (var request in Form.Read(run))
            {
                ids.Add(await restores.Request(visitor.Organization, visitor.Actor, request, run.Kind, cancel));
            }

            return Redirect(ids is [var only] ? $"/backups/restores/{only}" : "/backups/restores");
        }
        catch (UserFacingException refused)
        {
            Problem = refused.Message;
            await Show(run, cancel);
            return Page();
        }
    }

    private async Task Show(RunRow run, CancellationToken cancel)
    {
        var organization = HttpContext.Visitor().Organization;
        Run = run;
        Servers = (await servers.Page(organization, null, null, null, 200, cancel)).Items;
        (Objects, More) = await runs.ObjectsOf(organization, run.Id, Form.Item, MostTables, cancel);
    }
}
