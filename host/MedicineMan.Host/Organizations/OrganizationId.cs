namespace MedicineMan.Host.Organizations;

/// Whose rows they are. Every table carries it and every statement filters by it; it has a type of its own so that it is never mixed up.
internal readonly record struct OrganizationId(string Value)
{
    /// The one organisation of an installation that never made another.
    public static OrganizationId Default { get; } = new("default");

    public override string ToString() => Value;
}
