using MedicineMan.Host.Access;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.People;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Identity;

namespace MedicineMan.Host.Setup;

/// Makes the first owner: the token is spent and the person added in one transaction, so two visitors with one token cannot both succeed.
internal sealed class FirstAdministrator(Database database, UserManager<Person> identity, PersonStore people, SetupToken token)
{
    public const string WrongToken = "This token does not fit: it was used, or a later start printed a new one. Copy the token from the console of the running server.";

    public async Task<Person> Create(string setupToken, string name, string email, string password, string? address, CancellationToken cancel)
    {
        if (!await token.Fits(setupToken, cancel))
        {
            throw new UserFacingException(WrongToken);
        }

        var person = new Person { Email = email.Trim(), NormalizedEmail = identity.NormalizeEmail(email.Trim()), Name = name.Trim(), SecurityStamp = Guid.NewGuid().ToString("N") };
        await Check(person, password);
        person.PasswordHash = identity.PasswordHasher.HashPassword(person, password);
        await database.Write(
            async transaction =>
            {
                if (!await SetupToken.Spend(transaction, setupToken, cancel))
                {
                    throw new UserFacingException(WrongToken);
                }

                await people.Add(transaction, person, Role.Owner, new Actor("person", person.Id, person.Name, address), cancel);
            },
            cancel);
        return person;
    }

    private async Task Check(Person person, string password)
    {
        foreach (var rule in identity.PasswordValidators)
        {
            if (await rule.ValidateAsync(identity, person, password) is { Succeeded: false } refused)
            {
                throw new UserFacingException(string.Join(' ', refused.Errors.Select(error => error.Description)));
            }
        }
    }
}
