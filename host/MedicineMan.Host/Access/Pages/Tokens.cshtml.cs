using MedicineMan.Host.Shell;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Access.Pages;

[Authorize(Policies.Viewer)]
internal sealed class TokensModel(ApiTokenStore tokens, TimeProvider time) : PageModel
{
    public IReadOnlyList<ApiTokenRow> Tokens { get; private set; } = [];

    /// The new token in full, on the one page that shows it.
    public string? Created { get; private set; }

    public string? Problem { get; private set; }

    public async Task OnGet(CancellationToken cancel) => Tokens = await tokens.List(HttpContext.Visitor(), cancel);

    public async Task<IActionResult> OnPostCreate(string? name, int days, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(name) || name.Length > 100 || days is < 0 or > 3650)
        {
            Problem = "Give the token a name of at most 100 characters and an expiry.";
        }
        else
        {
            Created = await tokens.Create(HttpContext.Visitor(), name.Trim(), days == 0 ? null : time.GetUtcNow().AddDays(days), cancel);
        }

        Tokens = await tokens.List(HttpContext.Visitor(), cancel);
        return Page();
    }

    public async Task<IActionResult> OnPostRevoke(string id, CancellationToken cancel)
    {
        await tokens.Revoke(HttpContext.Visitor(), id, cancel);
        this.Say("The token is revoked.");
        return RedirectToPage();
    }
}
