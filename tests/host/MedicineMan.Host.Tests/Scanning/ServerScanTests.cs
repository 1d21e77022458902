using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Scanning;
using MedicineMan.Host.Secrets;
using MedicineMan.Host.Servers;
using MedicineMan.Host.Servers.Ssh;
using MedicineMan.Host.Tests.Data;
using MedicineMan.Sdk.Jobs;
using MedicineMan.Sdk.Scanning;

namespace MedicineMan.Host.Tests.Scanning;

public abstract class ServerScanTests
{
    private static readonly OrganizationId Here = OrganizationId.Default;
    private static readonly Actor Ann = new("person", "1", "Ann", null);

    private protected abstract Task<TestDatabase> Start();

    [SkippableFact]
    public async Task What_scanners_read_is_stored_with_evidence_and_confidence()
    {
        await using var bed = await Bed.Of(await Start(), new TestScanner("uname", "uname -s; echo second", output => new ScanReport
        {
            Facts = new Dictionary<string, string> { ["os.name"] = output.Lines("uname").First() },
            Disks = [new DiskUsage("/", "/dev/x", "ext4", 1000, 600, 200)],
            Services = [Postgres("/var/lib/a") with { Evidence = [new Evidence("process", 0.8), new Evidence("unit", 0.5)], Stores = [new DataStore("shöp'", 42)] }],
        }));

        await bed.Scan();

        Assert.Equal("Linux", Assert.Single(await bed.Scans.Facts(Here, bed.ServerId, default)).Value);
        var service = Assert.Single(await bed.Scans.Services(Here, bed.ServerId, default));
        Assert.Equal(0.9, service.Confidence, 6);
        Assert.Equal(["process", "unit"], service.EvidenceList.Select(evidence => evidence.Signal));
        Assert.Equal(new DataStore("shöp'", 42), Assert.Single(service.StoreList));
        Assert.Equal(service, await bed.Scans.FindService(Here, service.Id, default));
        Assert.Null(await bed.Scans.FindService(new OrganizationId("other"), service.Id, default));
        Assert.True((await bed.Scans.Latest(Here, bed.ServerId, default))!.Complete);
        Assert.Equal(["server.online", "server.scanned", "server.added"], await bed.Audited());
        var row = (await bed.Servers.Page(Here, null, null, null, 5, default)).Items[0];
        Assert.Equal(("Linux", "PostgreSQL 15", 75, ServerState.Online), (row.OsName, row.ServicesSummary, row.DiskUsedPercent, row.State));
    }

    [SkippableFact]
    public async Task A_service_keeps_its_row_over_restarts_and_stands_as_stopped_once_it_is_gone()
    {
        FoundService[] found = [Postgres("/a") with { Running = true }, Postgres("/b") with { Running = true }];
        await using var bed = await Bed.Of(await Start(), new TestScanner("x", "echo x", _ => new ScanReport { Services = found }));
        await bed.Scan();
        var first = await bed.Scans.Services(Here, bed.ServerId, default);

        found = [Postgres("/a") with { Running = true, Version = "15.19", Port = 5433 }];
        await bed.Scan();

        var second = await bed.Scans.Services(Here, bed.ServerId, default);
        Assert.Equal(first.Select(service => service.Id).Order(), second.Select(service => service.Id).Order());
        Assert.Equal(("15.19", 5433, true), second.Where(service => service.Identity == "/a").Select(service => (service.Version, service.Port, service.Running)).Single());
        Assert.False(second.Single(service => service.Identity == "/b").Running);
    }

    [SkippableFact]
    public async Task A_scanner_that_throws_is_noted_and_the_others_are_heard()
    {
        await using var bed = await Bed.Of(
            await Start(),
            new TestScanner("bad", "echo bad", _ => throw new InvalidOperationException("no luck")),
            new TestScanner("good", "echo good", output => new ScanReport { Facts = new Dictionary<string, string> { ["good"] = output["good"], ["bad"] = output["bad"] } }));

        await bed.Scan();

        Assert.Equal(["bad", "good"], (await bed.Scans.Facts(Here, bed.ServerId, default)).Select(fact => fact.Value));
        Assert.Contains("no luck", Assert.Single((await bed.Scans.Latest(Here, bed.ServerId, default))!.NoteList), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task An_incomplete_scan_forgets_nothing()
    {
        var script = "echo once";
        await using var bed = await Bed.Of(await Start(), new TestScanner("x", () => script, output => new ScanReport
        {
            Facts = output["x"].Length == 0 ? new Dictionary<string, string>() : new Dictionary<string, string> { ["x"] = "seen" },
        }));
        await bed.Scan();

        // The section ends the shell that reads the script, as a broken connection would.
        script = "kill -9 $(cut -d' ' -f4 /proc/$PPID/stat) $PPID";
        await bed.Scan();

        Assert.False((await bed.Scans.Latest(Here, bed.ServerId, default))!.Complete);
        Assert.Equal("seen", Assert.Single(await bed.Scans.Facts(Here, bed.ServerId, default)).Value);
    }

    [SkippableFact]
    public async Task A_server_that_never_stops_printing_is_read_to_the_limit_and_no_further()
    {
        var length = 0;
        await using var bed = await Bed.Of(await Start(), new TestScanner("flood", "t 20 yes", output =>
        {
            length = output["flood"].Length;
            return new ScanReport();
        }));

        await bed.Scan();

        var scan = (await bed.Scans.Latest(Here, bed.ServerId, default))!;
        Assert.InRange(length, 3_000_000, 4 * 1024 * 1024);
        Assert.False(scan.Complete);
        Assert.Contains(scan.NoteList, note => note.Contains("4 MiB", StringComparison.Ordinal));
    }

    private static FoundService Postgres(string identity) => new() { Kind = "postgres", Identity = identity, Title = "PostgreSQL 15" };

    private sealed class Bed : IAsyncDisposable
    {
        private readonly TestDatabase test;
        private readonly SshConnections connections = new(TimeProvider.System);
        private readonly ServerScan scan;

        private Bed(TestDatabase test, IScanner[] scanners)
        {
            this.test = test;
            var vault = new SecretVault(test.Database, new KeyRing([MasterKey.Generate()]), test.Audit, TimeProvider.System);
            Servers = new ServerStore(test.Database, vault, test.Audit, TimeProvider.System);
            Scans = new ScanStore(test.Database, test.Audit, TimeProvider.System);
            var runners = new ServerRunners(Servers, new HostKeyStore(test.Database, test.Audit, TimeProvider.System), vault, connections, TimeProvider.System);
            scan = new ServerScan(runners, Servers, Scans, () => scanners, TimeProvider.System);
        }

        public ServerStore Servers { get; }

        public ScanStore Scans { get; }

        public string ServerId { get; private set; } = "";

        public static async Task<Bed> Of(TestDatabase test, params IScanner[] scanners)
        {
            var bed = new Bed(test, scanners);
            bed.ServerId = await bed.Servers.Add(Here, new ServerDraft { Name = "here", Kind = ServerKind.Local }, Ann, default);
            return bed;
        }

        public Task<string> Scan() => scan.Scan(Here, ServerId, Ann, new Progress<JobProgress>(), default);

        public async Task<IEnumerable<string>> Audited() => (await test.Audit.Page(Here, null, 50, default)).Items.Select(entry => entry.Action);

        public async ValueTask DisposeAsync()
        {
            await connections.DisposeAsync();
            await test.DisposeAsync();
        }
    }
}

/// A scanner with one section.
internal sealed class TestScanner(string section, Func<string> script, Func<ScanOutput, ScanReport> read) : IScanner
{
    public TestScanner(string section, string script, Func<ScanOutput, ScanReport> read)
        : this(section, () => script, read)
    {
    }

    public string DisplayName => section;

    public IReadOnlyList<ScanSection> Sections => [new ScanSection(section, script())];

    public ValueTask<ScanReport> ReadAsync(ScanOutput output, CancellationToken cancel) => ValueTask.FromResult(read(output));
}

public sealed class SqliteServerScanTests : ServerScanTests
{
    private protected override Task<TestDatabase> Start() => TestDatabase.Sqlite();
}

public sealed class PostgresServerScanTests : ServerScanTests
{
    private protected override Task<TestDatabase> Start() => TestDatabase.Postgres();
}
