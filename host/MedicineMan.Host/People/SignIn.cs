using MedicineMan.Host.Audit;
using Microsoft.AspNetCore.Identity;

namespace MedicineMan.Host.People;

/// Checks an address and a password. An unknown address, a wrong password and a locked account look alike from outside, in words and in time.
internal sealed class SignIn(UserManager<Person> people, SessionStore sessions, IPasswordHasher<Person> hasher)
{
    public const string Refused = "The address or the password is not right, or too many tries locked the account for a while. Check both, or wait 5 minutes.";

    // Hashed once per process, so that an unknown address costs the same time as a known one.
    private static string? decoy;

    /// <returns>False when refused; then nothing changed but the count of failures.</returns>
    public async Task<bool> Try(HttpContext http, string email, string password)
    {
        var address = http.Connection.RemoteIpAddress?.ToString();
        var person = await people.FindByEmailAsync(email);
        if (person is null)
        {
            hasher.VerifyHashedPassword(new Person(), decoy ??= hasher.HashPassword(new Person(), "no such person"), password);
            return false;
        }

        person.ChangedBy = new Actor("person", person.Id, person.Name, address);
        var right = await people.CheckPasswordAsync(person, password);
        if (await people.IsLockedOutAsync(person))
        {
            return false;
        }

        if (!right)
        {
            await people.AccessFailedAsync(person);
            return false;
        }

        if (person.FailedSignIns > 0)
        {
            await people.ResetAccessFailedCountAsync(person);
        }

        await Welcome(http, person);
        return true;
    }

    /// Starts a session; also after setup and after a changed password.
    public async Task Welcome(HttpContext http, Person person)
    {
        var session = await sessions.Start(person, http.Connection.RemoteIpAddress?.ToString(), http.Request.Headers.UserAgent, http.RequestAborted);
        await SignInCookie.SignIn(http, session);
    }
}
