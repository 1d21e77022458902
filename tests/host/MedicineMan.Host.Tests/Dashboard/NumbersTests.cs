using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Backups.Plans;
using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Host.Dashboard;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Servers;
using MedicineMan.Jobs;

namespace MedicineMan.Host.Tests.Dashboard;

public abstract class NumbersTests
{
    private protected abstract Task<TestHost> Start();

    private static readonly OrganizationId Here = OrganizationId.Default;

    private const string FoundSql = """
        insert into server_services (id, organization_id, server_id, kind, identity, title, running, confidence, evidence, stores, first_seen_at, last_seen_at, scan_id)
        values (@id, @organization, @server, @kind, @id, @id, 1, 1, '[]', '[]', 0, 0, '')
        """;

    private const string RunsSql = """
        insert into runs (id, organization_id, plan_id, server_id, repository_id, kind, items, dump_state, store_state, prove_state, created_at)
        select 'run of ' || id, organization_id, id, server_id, repository_id, kind, items, 'done', 'done', 'failed', 0 from plans where organization_id = @organization and id = @plan;
        update plans set last_run_id = 'run of ' || id, last_proven_at = @proven where organization_id = @organization and id = @plan;
        """;

    private const string JobsSql = "update jobs set state = 'dead', ended_at = @ended where organization_id = @organization and type = @type";

    [SkippableFact]
    public async Task Every_figure_is_counted_from_its_rows()
    {
        await using var host = await Start();
        var numbers = host.Get<Numbers>();
        Assert.Equal((0, 0, 0), await Some(numbers));

        var (near, far) = (await Add(host, "near"), await Add(host, "far"));
        await host.Get<ServerStore>().RecordContact(Here, near, ServerState.Online, null, default);
        await host.Get<ServerStore>().RecordContact(Here, far, ServerState.Failed, "gone", default);
        await Found(host, near, "postgres", "main", "second");
        await Found(host, far, "unheard-of", "nobody backs this up");
        var repository = await host.Get<RepositoryStore>().Add(Here, Actor.System, NewRepository.Local("local", Path.Combine(host.Data, "repository")), null, default);
        var (proven, stale) = (await Plan(host, near, repository, "main"), await Plan(host, far, repository, null));

        var figures = await numbers.Count(Here, default);
        Assert.Equal((2, 1, 1, 2, 0, 0), (figures.Servers, figures.Online, figures.Failed, figures.Plans, figures.Protected, figures.Proven));
        Assert.Equal((1, "second", "near"), (figures.Unprotected, figures.Services[0].Title, figures.Services[0].ServerName));

        await Stored(host, proven, TimeSpan.FromDays(1));
        await Stored(host, stale, TimeSpan.FromDays(8));
        figures = await numbers.Count(Here, default);
        Assert.Equal((2, 1), (figures.Protected, figures.Proven));
        Assert.Equal(0, (await numbers.Count(new OrganizationId("other"), default)).Servers);
    }

    [SkippableTheory]
    [InlineData(1, 1)]
    [InlineData(30, 0)]
    public async Task A_job_counts_as_failed_for_a_day(int hoursAgo, int counted)
    {
        await using var host = await Start();
        await host.Get<Database>().Write(
            async t =>
            {
                await host.Get<JobQueue>().Enqueue(t, new JobRequest(Here.Value, "nobody-does-this", "{}"), default);
                await t.Connection!.ExecuteAsync(JobsSql, new { organization = Here, type = "nobody-does-this", ended = DateTimeOffset.UtcNow.AddHours(-hoursAgo) }, t);
            },
            default);

        Assert.Equal(counted, (await host.Get<Numbers>().Count(Here, default)).DeadJobs);
    }

    [SkippableFact]
    public async Task The_home_page_shows_the_figures_and_leads_to_what_was_counted()
    {
        await using var host = await Start();
        var owner = await host.Owner();
        Assert.Contains("No server is looked after yet", (await owner.Get("/")).Text, StringComparison.Ordinal);

        var server = await Add(host, "near");
        await host.Get<ServerStore>().RecordContact(Here, server, ServerState.Failed, "gone", default);
        await Found(host, server, "postgres", "PostgreSQL <main>");
        var home = (await owner.Get("/")).Page;
        Assert.Empty(home.QuerySelectorAll(".figures .good"));
        foreach (var link in home.QuerySelectorAll(".figures a, #unprotected a").Select(a => a.GetAttribute("href")!).Where(href => !href.StartsWith('#')))
        {
            Assert.Equal(System.Net.HttpStatusCode.OK, (await owner.Get(link)).Status);
        }

        Assert.Contains("PostgreSQL <main>", home.QuerySelector("#unprotected")!.TextContent, StringComparison.Ordinal);
        Assert.Single((await owner.Get("/servers?state=failed")).Page.QuerySelectorAll("tbody tr"));
        Assert.Empty((await owner.Get("/servers?state=online")).Page.QuerySelectorAll("tbody tr"));
    }

    private static async Task<(long, long, long)> Some(Numbers numbers)
    {
        var figures = await numbers.Count(Here, default);
        return (figures.Servers, figures.Plans, figures.Unprotected);
    }

    private static Task<string> Add(TestHost host, string name) => host.Get<ServerStore>().Add(
        Here, new ServerDraft { Name = name, Address = "192.0.2.1", UserName = "root", Credential = new NewCredential("password", "sesame") }, Actor.System, default);

    private static Task<int> Found(TestHost host, string server, string kind, params string[] names) => host.Get<Database>().Write(
        t => t.Connection!.ExecuteAsync(FoundSql, names.Select(id => new { id, organization = Here, server, kind }), t), default);

    private static Task<string> Plan(TestHost host, string server, string repository, string? service) => host.Get<PlanStore>().Add(
        Here, Actor.System, new PlanSettings { Name = "plan of " + server, ServerId = server, RepositoryId = repository, Kind = "postgres", Service = service, Prove = false }, default);

    private static Task<int> Stored(TestHost host, string plan, TimeSpan provenAgo) => host.Get<Database>().Write(
        t => t.Connection!.ExecuteAsync(RunsSql, new { organization = Here, plan, proven = DateTimeOffset.UtcNow - provenAgo }, t), default);
}

public sealed class SqliteNumbersTests : NumbersTests
{
    private protected override Task<TestHost> Start() => TestHost.Start();
}

public sealed class PostgresNumbersTests : NumbersTests
{
    private protected override Task<TestHost> Start() => TestHost.OnPostgres();
}
