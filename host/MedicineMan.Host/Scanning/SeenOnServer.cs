using MedicineMan.Host.Organizations;

namespace MedicineMan.Host.Scanning;

/// All that scans have told of one server, for its page and for setup.
internal sealed record SeenOnServer(ScanRow? Latest, IReadOnlyList<FactRow> Facts, IReadOnlyList<DiskRow> Disks, IReadOnlyList<ServiceRow> Services)
{
    public static async Task<SeenOnServer> Read(ScanStore store, OrganizationId organization, string serverId, CancellationToken cancel) => new(
        await store.Latest(organization, serverId, cancel),
        await store.Facts(organization, serverId, cancel),
        await store.Disks(organization, serverId, cancel),
        await store.Services(organization, serverId, cancel));
}
