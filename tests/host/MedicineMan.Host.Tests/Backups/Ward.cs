using MedicineMan.Host.Audit;
using MedicineMan.Host.Backups;
using MedicineMan.Host.Backups.Plans;
using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Host.Backups.Restores;
using MedicineMan.Host.Backups.Runs;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Servers;
using MedicineMan.Jobs;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Backups;

/// A running host with one server to look after and a real PostgreSQL on it.
internal sealed class Ward : IAsyncDisposable
{
    public static readonly OrganizationId Here = OrganizationId.Default;
    public static readonly Actor Somebody = new("person", "tester", "Tess Tester", null);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private Ward(TestHost host, PostgresServer postgres)
    {
        (Host, Postgres) = (host, postgres);
    }

    public TestHost Host { get; }

    public PostgresServer Postgres { get; }

    public string ServerId { get; private set; } = "";

    public string RepositoryId { get; private set; } = "";

    public string RepositoryFolder => Path.Combine(Host.Data, "repository");

    public static Task<Ward> Open(string? repositoryFolder = null) => Open(TestHost.Start(), repositoryFolder);

    public static async Task<Ward> Open(Task<TestHost> host, string? repositoryFolder = null)
    {
        var postgres = await PostgresServer.Start();
        var ward = new Ward(await host, postgres);
        ward.ServerId = await ward.Host.Get<ServerStore>().Add(Here, new ServerDraft { Name = "this machine", Kind = ServerKind.Local }, Somebody, default);
        ward.RepositoryId = await ward.Host.Get<RepositoryStore>().Add(Here, Somebody, NewRepository.Local("local", repositoryFolder ?? ward.RepositoryFolder), null, default);
        return ward;
    }

    /// A database with tables of every awkward kind.
    public async Task Shop(string database = "shop", int rows = 2000)
    {
        await Postgres.Execute($"create database \"{database.Replace("\"", "\"\"", StringComparison.Ordinal)}\"");
        await Postgres.Execute(
            $"""
            create table customers (id bigint generated always as identity primary key, name text not null, joined timestamptz default now(), note text);
            insert into customers (name, note) select 'customer ' || n, repeat(md5(n::text), 3) from generate_series(1, {rows}) n;
            create table orders (id serial primary key, customer bigint references customers (id), total numeric(10,2), data jsonb);
            insert into orders (customer, total, data) select 1 + n % {rows}, n * 1.5, jsonb_build_object('n', n) from generate_series(1, {rows}) n;
            create index orders_by_customer on orders (customer);
            create table nothing (id int);
            create view totals as select customer, sum(total) from orders group by customer;
            """,
            database);
    }

    public Task<string> Plan(string name = "shop", IReadOnlyList<string>? items = null, Func<PlanSettings, PlanSettings>? with = null)
    {
        var settings = new PlanSettings
        {
            Name = name, ServerId = ServerId, RepositoryId = RepositoryId, Kind = "postgres", Host = Postgres.SocketDirectory, Port = Postgres.Port, UserName = "postgres",
            RunAs = Programs.IsRoot ? PostgresServer.SystemUser : null, Items = items ?? ["shop"],
        };
        return Host.Get<PlanStore>().Add(Here, Somebody, with?.Invoke(settings) ?? settings, default);
    }

    /// Backs up and waits for the end of dump, store and proof.
    public async Task<RunRow> BackUp(string plan) => await Ended(await Host.Get<RunStore>().BackUpNow(Here, Somebody, plan, default));

    public Task<RunRow> Ended(string run) => Until(() => Host.Get<RunStore>().Get(Here, run, default), row => row.IsFinal, row => $"{row.DumpState} {row.StoreState} {row.ProveState} {row.Error} {row.ProveError}");

    public async Task<RestoreRow> Restore(RunRow run, string target, Func<RestoreRequest, RestoreRequest>? with = null)
    {
        var request = new RestoreRequest
        {
            RepositoryId = run.RepositoryId, SnapshotId = run.SnapshotId!, Item = run.ItemNames[0], ServerId = ServerId, Target = target, PlanId = run.PlanId,
        };
        var id = await Host.Get<RestoreStore>().Request(Here, Somebody, with?.Invoke(request) ?? request, run.Kind, default);
        return await Until(() => Host.Get<RestoreStore>().Get(Here, id, default), row => row.State.IsFinal(), row => $"{row.State} {row.Error}");
    }

    /// Names of the databases on the server that proofs and restores must not leave behind.
    public Task<long> LeftBehind() => Postgres.Query<long>("select count(*) from pg_database where datname like 'medicineman%'");

    public async Task<IReadOnlyList<string>> Audited()
    {
        var page = await Host.Get<AuditLog>().Page(Here, null, 200, default);
        Assert.Null(await Host.Get<AuditLog>().FirstBroken(Here, default));
        return [.. page.Items.Select(row => row.Action)];
    }

    public async Task<IReadOnlyList<string>> SnapshotIds()
    {
        var repository = await Host.Get<OpenRepositories>().Open(Here, RepositoryId, default);
        var ids = new List<string>();
        await foreach (var snapshot in repository.Snapshots(default))
        {
            ids.Add(snapshot.Id.ToString());
        }

        return ids;
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Postgres.DisposeAsync();
    }

    public async Task<T> Until<T>(Func<Task<T>> read, Func<T, bool> reached, Func<T, string> tell)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (true)
        {
            var now = await read();
            if (reached(now))
            {
                return now;
            }

            Assert.True(DateTime.UtcNow < deadline, $"Still not there: {tell(now)}. Jobs: {await Jobs()}");
            await Task.Delay(100);
        }
    }

    private async Task<string> Jobs() =>
        string.Join("; ", (await Host.Get<JobQueue>().Page(Here.Value, new JobFilter(), null, 20, default)).Select(job => $"{job.Title} {job.State} {job.Error}"));
}
