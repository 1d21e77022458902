using MedicineMan.Host.Access;

namespace MedicineMan.Host.Tests.Api;

/// What is there only once is a conflict for whoever comes second, also when both come at once.
public abstract class TakenNameTests
{
    private protected abstract Task<TestHost> Start();

    [SkippableFact]
    public async Task A_second_repository_of_a_name_is_a_conflict()
    {
        await using var host = await Start();
        using var admin = await ApiCaller.As(host, Role.Admin);

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => admin.Post("repositories", Repository(host, "vault"))));

        Assert.Single(answers, answer => answer.Status == 201);
        Assert.All(answers.Where(answer => answer.Status != 201), refused => Conflict(refused, "There is a repository named \"vault\" already. Choose another name."));
        Assert.Single((await admin.Get("repositories")).Items);
    }

    [SkippableFact]
    public async Task A_plan_takes_the_name_of_another_neither_when_added_nor_when_changed()
    {
        await using var host = await Start();
        using var admin = await ApiCaller.As(host, Role.Admin);
        var server = (await admin.Post("servers", new { name = "db", address = "192.0.2.1", userName = "root" })).Id;
        var repository = (await admin.Post("repositories", Repository(host, "vault"))).Id;
        object Plan(string name) => new { name, serverId = server, repositoryId = repository, kind = "postgres", items = new[] { "shop" } };

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => admin.Post("plans", Plan("nightly"))));
        var other = await admin.Post("plans", Plan("hourly"));
        var renamed = await admin.Send(HttpMethod.Put, $"plans/{other.Id}", Plan("nightly"));
        var kept = await admin.Send(HttpMethod.Put, $"plans/{other.Id}", Plan("hourly"));

        Assert.Single(answers, answer => answer.Status == 201);
        Assert.All([renamed, .. answers.Where(answer => answer.Status != 201)], refused => Conflict(refused, "There is a plan named \"nightly\" already. Choose another name."));
        Assert.Equal(200, kept.Status);
        Assert.Equal(["hourly", "nightly"], (await admin.Get("plans")).Items.Select(plan => plan.GetProperty("name").GetString()));
    }

    [SkippableFact]
    public async Task This_machine_is_added_once()
    {
        await using var host = await Start();
        using var admin = await ApiCaller.As(host, Role.Admin);

        Assert.Equal(201, (await admin.Post("servers", new { name = "here", kind = "local" })).Status);

        Conflict(await admin.Post("servers", new { name = "again", kind = "local" }), "This machine is already in the list.");
    }

    private static object Repository(TestHost host, string name) => new { name, kind = "local", settings = new { path = Path.Combine(host.Data, "repository") } };

    private static void Conflict(ApiAnswer answer, string sentence) =>
        Assert.Equal((409, "taken", sentence, "application/problem+json"), (answer.Status, answer.Code, answer.Detail, answer.ContentType));
}

public sealed class SqliteTakenNameTests : TakenNameTests
{
    private protected override Task<TestHost> Start() => TestHost.Start();
}

public sealed class PostgresTakenNameTests : TakenNameTests
{
    private protected override Task<TestHost> Start() => TestHost.OnPostgres();
}
