using MedicineMan.Host.Access;
using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Host.Setup;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace MedicineMan.Host.Backups.Pages;

[Authorize]
internal sealed class NewRepositoryModel(RepositoryStore repositories, StorageKinds kinds, DataDirectory data) : PageModel
{
    [BindProperty]
    public string Name { get; set; } = "";

    [BindProperty]
    public string Kind { get; set; } = "local";

    [BindProperty]
    public string Path { get; set; } = "";

    [BindProperty]
    public string? Password { get; set; }

    public IReadOnlyList<(string Kind, string Name)> Kinds => kinds.All;

    public string? Problem { get; private set; }

    public void OnGet() => (Name, Path) = ("Local repository", data["repository"]);

    public async Task<IActionResult> OnPost(CancellationToken cancel)
    {
        var visitor = HttpContext.Visitor();
        try
        {
            if (string.IsNullOrWhiteSpace(Name) || Name.Trim().Length > 100 || !System.IO.Path.IsPathFullyQualified(Path))
            {
                throw new UserFacingException("Give the repository a name of at most 100 characters and an absolute path.");
            }

            var repository = NewRepository.Local(Name.Trim(), Path) with { Kind = Kind };
            return Redirect($"/backups/repositories/{await repositories.Add(visitor.Organization, visitor.Actor, repository, string.IsNullOrEmpty(Password) ? null : Password, cancel)}");
        }
        catch (UserFacingException refused)
        {
            Problem = refused.Message;
            return Page();
        }
    }
}
