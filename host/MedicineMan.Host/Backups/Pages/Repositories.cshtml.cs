using MedicineMan.Host.Access;
using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Host.Data;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Backups.Pages;

[Authorize]
internal sealed class RepositoriesModel(RepositoryStore repositories) : PageModel
{
    public Page<RepositoryRow> Rows { get; private set; } = new([], null);

    public async Task OnGet(string? after, CancellationToken cancel) => Rows = await repositories.Page(HttpContext.Visitor().Organization, after, 50, cancel);
}
