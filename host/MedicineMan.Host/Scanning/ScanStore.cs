using System.Text.Json;
using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Servers;
using MedicineMan.Host.Servers.Commands;
using MedicineMan.Sdk.Scanning;

namespace MedicineMan.Host.Scanning;

/// What is known of each server from its scans: facts, disks and services as they were last seen. A service keeps its row over restarts.
internal sealed class ScanStore(Database database, AuditLog audit, TimeProvider time)
{
    private const int LongestText = 4096;

    private const string AddScanSql = """
        insert into scans (id, organization_id, server_id, started_at, milliseconds, complete, notes)
        values (@id, @organization, @server, @startedAt, @milliseconds, @complete, @notes)
        """;

    private const string FactSql = """
        insert into server_facts (organization_id, server_id, name, value, scan_id) values (@organization, @server, @name, @value, @scan)
        on conflict (server_id, name) do update set value = excluded.value, scan_id = excluded.scan_id
        """;

    private const string DiskSql = """
        insert into server_disks (organization_id, server_id, mount, device, file_system, total_bytes, used_bytes, free_bytes, scan_id)
        values (@organization, @server, @Mount, @Device, @FileSystem, @TotalBytes, @UsedBytes, @FreeBytes, @scan)
        on conflict (server_id, mount) do update set device = excluded.device, file_system = excluded.file_system, total_bytes = excluded.total_bytes,
            used_bytes = excluded.used_bytes, free_bytes = excluded.free_bytes, scan_id = excluded.scan_id
        """;

    private const string ServiceSql = """
        insert into server_services (id, organization_id, server_id, kind, identity, title, version, port, socket_directory, data_directory, runs_as, running, confidence,
            evidence, stores, first_seen_at, last_seen_at, scan_id)
        values (@id, @organization, @server, @Kind, @Identity, @Title, @Version, @Port, @SocketDirectory, @DataDirectory, @RunsAs, @running, @Confidence,
            @evidence, @stores, @now, @now, @scan)
        on conflict (server_id, kind, identity) do update set title = excluded.title, version = coalesce(excluded.version, server_services.version),
            port = excluded.port, socket_directory = excluded.socket_directory, data_directory = excluded.data_directory, runs_as = excluded.runs_as,
            running = excluded.running, confidence = excluded.confidence, evidence = excluded.evidence, stores = excluded.stores,
            last_seen_at = excluded.last_seen_at, scan_id = excluded.scan_id
        """;

    // Only a complete scan may say that something is gone; a service first stands as not running, with what was known of it.
    private const string ForgetSql = """
        delete from server_facts where organization_id = @organization and server_id = @server and scan_id <> @scan;
        delete from server_disks where organization_id = @organization and server_id = @server and scan_id <> @scan;
        update server_services set running = 0 where organization_id = @organization and server_id = @server and scan_id <> @scan;
        """;

    private const string SummarySql = """
        update servers set os_name = coalesce(@os, os_name), services_summary = coalesce(@services, services_summary), disk_used_percent = coalesce(@disk, disk_used_percent),
            scanned_at = @now
        where organization_id = @organization and id = @server
        """;

    private const string FactsSql = "select name, value from server_facts where organization_id = @organization and server_id = @server order by name";

    private const string DisksSql = """
        select mount, device, file_system as FileSystem, total_bytes as TotalBytes, used_bytes as UsedBytes, free_bytes as FreeBytes
        from server_disks where organization_id = @organization and server_id = @server order by mount
        """;

    private const string ServiceColumns = """
        id, server_id as ServerId, kind, identity, title, version, port, socket_directory as SocketDirectory, data_directory as DataDirectory, runs_as as RunsAs, running,
        confidence, evidence, stores, first_seen_at as FirstSeenAt, last_seen_at as LastSeenAt
        """;

    private const string ServicesSql = $"select {ServiceColumns} from server_services where organization_id = @organization and server_id = @server order by confidence desc, title, id";
    private const string ServiceByIdSql = $"select {ServiceColumns} from server_services where organization_id = @organization and id = @id";

    private const string LatestSql = """
        select id, started_at as StartedAt, milliseconds, complete, notes from scans where organization_id = @organization and server_id = @server order by id desc limit 1
        """;

    /// <returns>The scan's id.</returns>
    public Task<string> Save(OrganizationId organization, Server server, ScanFindings found, Actor actor, CancellationToken cancel) => database.Write(
        async transaction =>
        {
            var id = Guid.CreateVersion7().ToString("N");
            var notes = JsonSerializer.Serialize(found.Notes);
            var complete = found.Complete && found.Notes.Count == 0;
            await Run(AddScanSql, new
            {
                id, organization, server = server.Id, startedAt = found.StartedAt, milliseconds = (long)found.Elapsed.TotalMilliseconds, complete = found.Complete ? 1 : 0, notes,
            });
            var facts = found.Reports.SelectMany(report => report.Facts).Select(fact => new { organization, server = server.Id, name = fact.Key, value = Short(fact.Value), scan = id }).ToList();
            await Run(FactSql, facts);
            var disks = found.Reports.SelectMany(report => report.Disks).ToList();
            await Run(DiskSql, disks.Select(disk => new
            {
                organization, server = server.Id, Mount = Short(disk.Mount), Device = Short(disk.Device), FileSystem = Short(disk.FileSystem), disk.TotalBytes, disk.UsedBytes, disk.FreeBytes, scan = id,
            }));
            var services = found.Reports.SelectMany(report => report.Services).ToList();
            await Run(ServiceSql, services.Select(service => Values(organization, server.Id, id, service)));
            if (complete)
            {
                await Run(ForgetSql, new { organization, server = server.Id, scan = id });
            }

            await Run(SummarySql, new
            {
                organization,
                server = server.Id,
                os = facts.FirstOrDefault(fact => fact.name == "os.name")?.value,
                services = services.Count == 0 ? (complete ? "" : null) : Short(string.Join(", ", services.OrderByDescending(service => service.Confidence).Take(4).Select(service => service.Title))),
                disk = disks.Where(disk => disk.TotalBytes > 0).Select(disk => (int?)(100 * disk.UsedBytes / Math.Max(1, disk.UsedBytes + disk.FreeBytes))).Max(),
                now = time.GetUtcNow(),
            });
            var detail = new Dictionary<string, string> { ["scan"] = id, ["complete"] = complete ? "yes" : "no" };
            await audit.Record(transaction, organization, actor, new AuditEntry("server.scanned", "server", server.Id, server.Name) { Detail = detail }, cancel);
            return id;

            Task<int> Run(string sql, object values) => transaction.Connection!.ExecuteAsync(new CommandDefinition(sql, values, transaction, cancellationToken: cancel));
        },
        cancel);

    public Task<IReadOnlyList<FactRow>> Facts(OrganizationId organization, string serverId, CancellationToken cancel) =>
        List<FactRow>(FactsSql, organization, new { organization, server = serverId }, cancel);

    public Task<IReadOnlyList<DiskRow>> Disks(OrganizationId organization, string serverId, CancellationToken cancel) =>
        List<DiskRow>(DisksSql, organization, new { organization, server = serverId }, cancel);

    public Task<IReadOnlyList<ServiceRow>> Services(OrganizationId organization, string serverId, CancellationToken cancel) =>
        List<ServiceRow>(ServicesSql, organization, new { organization, server = serverId }, cancel);

    public async Task<ServiceRow?> FindService(OrganizationId organization, string id, CancellationToken cancel) =>
        (await List<ServiceRow>(ServiceByIdSql, organization, new { organization, id }, cancel)).SingleOrDefault();

    public async Task<ScanRow?> Latest(OrganizationId organization, string serverId, CancellationToken cancel) =>
        (await List<ScanRow>(LatestSql, organization, new { organization, server = serverId }, cancel)).SingleOrDefault();

    private async Task<IReadOnlyList<T>> List<T>(string sql, OrganizationId organization, object values, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(organization, cancel);
        return (await connection.QueryAsync<T>(new CommandDefinition(sql, values, cancellationToken: cancel))).AsList();
    }

    private object Values(OrganizationId organization, string server, string scan, FoundService service) => new
    {
        id = Guid.CreateVersion7().ToString("N"), organization, server, scan, Kind = Short(service.Kind), Identity = Short(service.Identity), Title = Short(service.Title), Version = Short(service.Version),
        service.Port, SocketDirectory = Short(service.SocketDirectory), DataDirectory = Short(service.DataDirectory), RunsAs = Short(service.RunsAs), running = service.Running ? 1 : 0,
        service.Confidence, evidence = JsonSerializer.Serialize(service.Evidence), stores = JsonSerializer.Serialize(service.Stores), now = time.GetUtcNow(),
    };

    // A scanner took it from a server's output: bounded and plain before it is kept.
    private static string? Short(string? text) => text is null ? null : PlainText.From(text) is { Length: > LongestText } plain ? plain[..LongestText] : PlainText.From(text);
}
