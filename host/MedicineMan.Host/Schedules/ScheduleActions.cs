using MedicineMan.Host.Organizations;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Schedules;

/// What can be scheduled: each room that has something adds it.
internal sealed class ScheduleActions(IEnumerable<ScheduledAction> actions)
{
    public IReadOnlyList<string> Names => [.. actions.Select(action => action.Name)];

    public ScheduledAction Of(ScheduleRow row) => Find(row.Action) ?? throw new UserFacingException($"Nothing here does \"{row.Action}\". Remove the schedule, or update this node.");

    public ScheduledAction? Find(string name) => actions.FirstOrDefault(action => action.Name == name);

    /// For instance "Back up shop".
    public async Task<string> Sentence(ScheduleRow row, CancellationToken cancel) =>
        $"{Find(row.Action)?.Title ?? row.Action} {await NameOf(row.Organization, row.Action, row.Subject, cancel) ?? "what is not there any more"}";

    public async Task<string?> NameOf(OrganizationId organization, string action, string subject, CancellationToken cancel) =>
        Find(action) is { } known ? await known.NameOf(organization, subject, cancel) : null;
}
