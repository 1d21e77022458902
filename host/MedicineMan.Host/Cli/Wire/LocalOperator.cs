using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using MedicineMan.Host.Access;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.People;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace MedicineMan.Host.Cli.Wire;

/// Whoever can read the data directory holds its keys and may do anything; a command run there acts as that operator, and the audit trail
/// names the operating system user. Only the socket a command opens for itself knows this scheme, and only that command the secret.
internal sealed class LocalOperator(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, LocalSecret secret, PersonStore people)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "local";
    public const string OnBehalfOf = "X-Medicineman-On-Behalf-Of";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Request.Headers.Authorization.ToString()), Encoding.UTF8.GetBytes("Bearer " + secret.Value)))
        {
            return AuthenticateResult.NoResult();
        }

        var user = Environment.UserName;
        var visitor = new Visitor
        {
            Organization = OrganizationId.Default, OrganizationName = "Default organisation", PersonId = $"local:{user}", Name = $"{user} (command line)", Email = "", Role = Role.Owner,
        };
        if (Request.Headers[OnBehalfOf].ToString() is { Length: > 0 } email)
        {
            if (await people.ByEmail(email.ToUpperInvariant(), Context.RequestAborted) is not { } person)
            {
                return AuthenticateResult.Fail("Nobody has that address.");
            }

            visitor = visitor with { Organization = person.Organization, PersonId = person.Id, Email = person.Email, Name = $"{person.Name} (by {user} on the command line)" };
        }

        Context.Welcome(visitor);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, visitor.PersonId)], SchemeName)), SchemeName));
    }
}

/// Made for one command, never written down.
internal sealed record LocalSecret(string Value)
{
    public override string ToString() => "***";
}
