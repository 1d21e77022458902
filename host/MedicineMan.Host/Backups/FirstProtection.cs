using MedicineMan.Host.Access;
using MedicineMan.Host.Backups.Plans;
using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Host.Backups.Runs;
using MedicineMan.Host.Scanning;
using MedicineMan.Host.Servers;
using MedicineMan.Host.Setup;

namespace MedicineMan.Host.Backups;

/// The shortest way from what a scan found to a proven backup: a repository on the local disk if there is none, a plan for each service
/// chosen, and its first run.
internal sealed class FirstProtection(ServerStore servers, ScanStore scans, RepositoryStore repositories, RunStore runs, BackupKinds kinds, NewPlans newPlans, DataDirectory data)
{
    /// The services of the first server that a plugin can back up, the surest first.
    public async Task<(Server? Server, IReadOnlyList<ServiceRow> Services)> Found(Visitor visitor, CancellationToken cancel)
    {
        var first = (await servers.Page(visitor.Organization, null, null, null, 1, cancel)).Items;
        if (first.Count == 0)
        {
            return (null, []);
        }

        var server = await servers.Get(visitor.Organization, first[0].Id, cancel);
        var known = kinds.All.Select(kind => kind.Kind).ToHashSet();
        return (server, [.. (await scans.Services(visitor.Organization, server.Id, cancel)).Where(service => known.Contains(service.Kind) && service.Running)]);
    }

    /// <param name="dailyAt">Hour at which each is backed up by itself; null for by hand.</param>
    /// <param name="userName">User of the data store; null for the one that fits the service.</param>
    /// <returns>The ids of the runs.</returns>
    public async Task<IReadOnlyList<string>> Protect(Visitor visitor, IReadOnlyList<string> services, string? userName, string? password, int? dailyAt, TimeZoneInfo zone, CancellationToken cancel)
    {
        var repository = await Repository(visitor, cancel);
        var started = new List<string>();
        foreach (var service in services)
        {
            if (await scans.FindService(visitor.Organization, service, cancel) is { } found)
            {
                var plan = Suggestion.For(await servers.Get(visitor.Organization, found.ServerId, cancel), found, repository);
                plan = string.IsNullOrEmpty(password) ? plan : plan with { Host = "127.0.0.1", UserName = userName, Password = password, RunAs = null };
                var id = await newPlans.Add(visitor, plan, dailyAt, zone, cancel);
                started.Add(await runs.BackUpNow(visitor.Organization, visitor.Actor, id, cancel));
            }
        }

        return started;
    }

    private async Task<string> Repository(Visitor visitor, CancellationToken cancel)
    {
        var all = (await repositories.Page(visitor.Organization, null, 1, cancel)).Items;
        return all.Count > 0
            ? all[0].Id
            : await repositories.Add(visitor.Organization, visitor.Actor, NewRepository.Local("Local repository", data["repository"]), null, cancel);
    }
}
