using MedicineMan.Host.Access;
using MedicineMan.Host.Backups.Repositories;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Backups.Pages;

/// A folder of a snapshot, as last read; a folder that was never read is read by a job while the page waits.
[Authorize]
internal sealed class BrowseModel(RepositoryStore repositories, SnapshotStore snapshots) : PageModel
{
    public required RepositoryRow Repository { get; set; }

    public string Snapshot { get; private set; } = "";

    public string Path { get; private set; } = "/";

    public ListingRow? Listing { get; private set; }

    public IEnumerable<(string Name, string Path)> Folders
    {
        get
        {
            yield return ("snapshot", "/");
            var path = "";
            foreach (var name in Path.Split('/', StringSplitOptions.RemoveEmptyEntries))
            {
                path += "/" + name;
                yield return (name, path);
            }
        }
    }

    public async Task<IActionResult> OnGet(string id, string snapshot, string? path, CancellationToken cancel)
    {
        var visitor = HttpContext.Visitor();
        if (await repositories.Find(visitor.Organization, id, cancel) is not { } row || await snapshots.Resolve(visitor.Organization, id, snapshot, cancel) is not { } full)
        {
            return NotFound();
        }

        (Repository, Snapshot, Path) = (row, full, string.IsNullOrEmpty(path) ? "/" : path);
        Listing = await snapshots.Listing(visitor.Organization, id, full, Path, cancel);
        if (Listing is null)
        {
            await snapshots.Read(visitor.Organization, visitor.Actor, id, full, Path, cancel);
        }

        return Page();
    }
}
