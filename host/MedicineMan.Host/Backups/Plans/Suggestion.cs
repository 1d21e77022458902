using MedicineMan.Host.Scanning;
using MedicineMan.Host.Servers;

namespace MedicineMan.Host.Backups.Plans;

/// The plan that fits a service a scan has found.
internal static class Suggestion
{
    public static PlanSettings For(Server server, ServiceRow service, string repository) => new()
    {
        Name = $"{service.Title} on {server.Name}",
        ServerId = server.Id,
        RepositoryId = repository,
        Kind = service.Kind,
        Service = service.Identity,
        Host = service.SocketDirectory,
        Port = service.Port,
        // Root becomes the service's own user and needs no password; anybody else signs in as who he is.
        RunAs = RunsAsRoot(server) ? service.RunsAs : null,
    };

    private static bool RunsAsRoot(Server server) => server.IsLocal ? Environment.IsPrivilegedProcess : server.UserName == "root";
}
