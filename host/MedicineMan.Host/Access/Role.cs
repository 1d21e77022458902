namespace MedicineMan.Host.Access;

/// What a member may do; each role may do all that the ones before it may.
internal enum Role
{
    /// Sees everything but secrets.
    Viewer = 1,

    /// Runs scans, backups, restores and proofs.
    Operator = 2,

    /// Adds servers, plans, storages, people and plugins.
    Admin = 3,

    /// May do everything, and cannot be removed by anybody but an owner.
    Owner = 4,
}

internal static class Roles
{
    public static string Text(this Role role) => role switch
    {
        Role.Owner => "owner",
        Role.Admin => "admin",
        Role.Operator => "operator",
        _ => "viewer",
    };

    public static Role Parse(string text) => text switch
    {
        "owner" => Role.Owner,
        "admin" => Role.Admin,
        "operator" => Role.Operator,
        _ => Role.Viewer,
    };
}
