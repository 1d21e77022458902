using System.IO.Pipelines;
using MedicineMan.Sdk.Backups;

namespace MedicineMan.Plugins.Postgres.Dumping;

/// The roles of the whole cluster, once in a dump. They belong to no database, and no restored grant means anything without them.
internal static class DumpRoles
{
    public static async Task Run(Cluster cluster, IDumpWriter dump, CancellationToken cancel)
    {
        // Only superusers read password hashes; others get the roles without them.
        string[] without = cluster.Server.Superuser ? [] : ["--no-role-passwords"];
        if (!cluster.Server.Superuser)
        {
            dump.Log($"Roles are dumped without their passwords: {cluster.Server.User} is no superuser.");
        }

        await Streams.Write(dump, ["roles.sql"], (to, stop) => ToolOutput.Write(
            cluster, cluster.Command("pg_dumpall", cluster.Maintenance, ["-l", cluster.Maintenance, "--roles-only", .. without]), "Dumping the roles", to, null, stop), cancel);
    }
}
