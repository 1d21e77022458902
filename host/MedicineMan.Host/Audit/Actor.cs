namespace MedicineMan.Host.Audit;

/// Who does something: a person in the browser, a token over the API, or the system itself.
/// <param name="Kind"><c>person</c>, <c>token</c> or <c>system</c>.</param>
/// <param name="Address">The address it came from; null for the system.</param>
internal sealed record Actor(string Kind, string Id, string Name, string? Address)
{
    public static Actor System { get; } = new("system", "system", "Medicine Man", null);

    /// The priority of what they ask the queue for: people have a head start of a day before the clock, so that a click does not wait for the night's backups.
    public int Priority => Kind == "system" ? 0 : 24 * 60;

    public static Actor Job(string jobId) => new("system", $"job:{jobId}", "Medicine Man", null);
}
