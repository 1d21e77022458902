using System.Runtime.CompilerServices;
using MedicineMan.Host.Organizations;
using MedicineMan.Sdk.Commands;
using MedicineMan.Sdk.Servers;

namespace MedicineMan.Host.Plugins.Capabilities.Servers;

/// The servers as a plugin may see them, and the ways to them.
internal sealed class LentServers(Grant grant, Lending lending, LentSecrets secrets) : IServers
{
    private const int PageSize = 100;

    public async IAsyncEnumerable<ServerSummary> ListAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        string? after = null;
        do
        {
            await grant.Need("targets:read", "list the servers");
            var page = await lending.Rooms.Servers.Page(OrganizationId.Default, null, null, after, PageSize, cancel);
            foreach (var server in page.Items)
            {
                yield return new ServerSummary(server.Id, server.Name, server.OsName, server.TagList);
            }

            after = page.Next;
        }
        while (after is not null);
    }

    public async ValueTask<ICommandRunner> RunnerAsync(string serverId, CancellationToken cancel)
    {
        await grant.Need("targets:read", "reach a server");
        await grant.Need("exec", "run commands on a server");
        return new LentRunner(await Runner(serverId, cancel), grant, secrets);
    }

    public async ValueTask<IServerFiles> FilesAsync(string serverId, CancellationToken cancel)
    {
        await grant.Need("targets:read", "reach a server");
        return new LentFiles(await Runner(serverId, cancel), grant);
    }

    private Task<ICommandRunner> Runner(string serverId, CancellationToken cancel) =>
        lending.Rooms.Runners.For(OrganizationId.Default, serverId, grant.Actor, $"work of the plugin {grant.Name}", cancel);
}
