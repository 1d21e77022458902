using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Scanning;
using MedicineMan.Host.Servers;

namespace MedicineMan.Host.Backups.Plans;

/// What a plan can be made of: the servers, repositories and kinds there are, and what a scan suggests.
internal sealed class PlanChoices(RepositoryStore repositories, ServerStore servers, ScanStore scans, BackupKinds kinds)
{
    private const int Most = 200;

    public IReadOnlyList<(string Kind, string Name)> Kinds => kinds.All;

    public async Task<IReadOnlyList<ServerRow>> Servers(OrganizationId organization, CancellationToken cancel) =>
        (await servers.Page(organization, null, null, null, Most, cancel)).Items;

    public async Task<IReadOnlyList<RepositoryRow>> Repositories(OrganizationId organization, CancellationToken cancel) =>
        (await repositories.Page(organization, null, Most, cancel)).Items;

    /// The form filled in from a service that was found; nearly empty without one.
    public async Task<PlanForm> Suggested(OrganizationId organization, string? server, string? service, CancellationToken cancel)
    {
        var all = await Repositories(organization, cancel);
        var repository = all.Count > 0 ? all[0].Id : "";
        return service is not null && await scans.FindService(organization, service, cancel) is { } found
            ? PlanForm.From(Suggestion.For(await servers.Get(organization, found.ServerId, cancel), found, repository))
            : new PlanForm { ServerId = server, RepositoryId = repository };
    }
}
