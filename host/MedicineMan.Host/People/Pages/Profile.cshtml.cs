using MedicineMan.Host.Access;
using MedicineMan.Host.Shell;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.RateLimiting;

namespace MedicineMan.Host.People.Pages;

[Authorize(Policies.Viewer)]
[EnableRateLimiting(AccessServices.Guesses)]
internal sealed class ProfileModel(UserManager<Person> people, SessionStore sessions, SignIn signIn) : PageModel
{
    [BindProperty]
    public string Current { get; set; } = "";

    [BindProperty]
    public string Wanted { get; set; } = "";

    public string? Problem { get; private set; }

    public async Task<IActionResult> OnPost(CancellationToken cancel)
    {
        var visitor = HttpContext.Visitor();
        var person = await people.FindByIdAsync(visitor.PersonId) ?? throw new InvalidOperationException("The signed-in person is gone.");
        person.ChangedBy = visitor.Actor;
        var changed = await people.ChangePasswordAsync(person, Current, Wanted);
        if (!changed.Succeeded)
        {
            Problem = string.Join(' ', changed.Errors.Select(error => error.Description));
            return Page();
        }

        // The rows went with the old password; this makes this node forget them at once.
        sessions.ForgetAll(visitor.PersonId);
        await signIn.Welcome(HttpContext, person);
        this.Say("The password is changed. Every other session has ended.");
        return RedirectToPage();
    }
}
