using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;

namespace MedicineMan.Host.People;

/// Somebody who can sign in. Mutable because ASP.NET Core Identity fills it in steps before it is stored.
internal sealed class Person
{
    public string Id { get; set; } = Guid.CreateVersion7().ToString("N");

    /// The organisation they land in after signing in.
    public OrganizationId Organization { get; set; } = OrganizationId.Default;

    public string Email { get; set; } = "";

    public string NormalizedEmail { get; set; } = "";

    public string Name { get; set; } = "";

    public string? PasswordHash { get; set; }

    public string SecurityStamp { get; set; } = "";

    public int FailedSignIns { get; set; }

    public DateTimeOffset? LockedUntil { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    /// Who makes the change that is stored next; goes into the audit entry.
    public Actor ChangedBy { get; set; } = Actor.System;
}
