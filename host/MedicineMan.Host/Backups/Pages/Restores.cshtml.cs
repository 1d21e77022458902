using MedicineMan.Host.Access;
using MedicineMan.Host.Backups.Restores;
using MedicineMan.Host.Data;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Backups.Pages;

[Authorize]
internal sealed class RestoresModel(RestoreStore restores) : PageModel
{
    public Page<RestoreRow> Rows { get; private set; } = new([], null);

    public async Task OnGet(string? after, CancellationToken cancel) => Rows = await restores.Page(HttpContext.Visitor().Organization, after, 50, cancel);
}
