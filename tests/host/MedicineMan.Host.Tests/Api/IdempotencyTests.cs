using Dapper;
using MedicineMan.Host.Access;
using MedicineMan.Host.Data;

namespace MedicineMan.Host.Tests.Api;

public abstract class IdempotencyTests
{
    private protected abstract Task<TestHost> Start();

    [SkippableFact]
    public async Task The_same_key_and_body_does_nothing_again_and_answers_the_same()
    {
        await using var host = await Start();
        using var admin = await ApiCaller.As(host, Role.Admin);

        var first = await admin.Post("servers", Server("web-1"), "key-1");
        var second = await admin.Post("servers", Server("web-1"), "key-1");

        Assert.Equal((201, first.Content, first.Location), (second.Status, second.Content, second.Location));
        Assert.Equal("true", second.Headers.GetValues("Idempotency-Replayed").Single());
        Assert.Single((await admin.Get("servers")).Items);
    }

    [SkippableFact]
    public async Task Many_at_once_with_one_key_make_one_thing()
    {
        await using var host = await Start();
        using var admin = await ApiCaller.As(host, Role.Admin);

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => admin.Post("servers", Server("web-1"), "one")));

        Assert.All(answers, answer => Assert.Equal((201, answers[0].Id), (answer.Status, answer.Id)));
        Assert.Single((await admin.Get("servers")).Items);
    }

    [SkippableFact]
    public async Task Another_body_under_a_used_key_is_refused()
    {
        await using var host = await Start();
        using var admin = await ApiCaller.As(host, Role.Admin);
        await admin.Post("servers", Server("web-1"), "key");

        var refused = await admin.Post("servers", Server("web-2"), "key");

        Assert.Equal((409, "idempotency-key-reused"), (refused.Status, refused.Code));
        Assert.Single((await admin.Get("servers")).Items);
    }

    [SkippableFact]
    public async Task A_refused_request_gives_its_key_back()
    {
        await using var host = await Start();
        using var admin = await ApiCaller.As(host, Role.Admin);

        Assert.Equal(400, (await admin.Post("servers", new { name = "web-1", address = "!", userName = "root" }, "key")).Status);
        Assert.Equal(201, (await admin.Post("servers", Server("web-1"), "key")).Status);
    }

    [SkippableFact]
    public async Task The_key_of_one_person_is_not_that_of_another()
    {
        await using var host = await Start();
        using var one = await ApiCaller.As(host, Role.Admin);
        using var other = await ApiCaller.As(host, Role.Admin);

        Assert.NotEqual((await one.Post("servers", Server("web-1"), "key")).Id, (await other.Post("servers", Server("web-1"), "key")).Id);
    }

    [SkippableFact]
    public async Task After_a_day_a_key_is_forgotten()
    {
        await using var host = await Start();
        using var admin = await ApiCaller.As(host, Role.Admin);
        await admin.Post("servers", Server("web-1"), "key");
        await host.Get<Database>().Write(t => t.Connection!.ExecuteAsync("update idempotency_keys set created_at = created_at - 86400001", transaction: t), default);

        Assert.Equal(201, (await admin.Post("servers", Server("web-2"), "key")).Status);
        Assert.Equal(2, (await admin.Get("servers")).Items.Count);
    }

    [SkippableFact]
    public async Task A_request_that_died_on_the_way_is_never_done_again_under_its_key()
    {
        await using var host = await Start();
        using var admin = await ApiCaller.As(host, Role.Admin);
        await admin.Post("servers", Server("web-1"), "key");
        await host.Get<Database>().Write(t => t.Connection!.ExecuteAsync("update idempotency_keys set answer = null, created_at = created_at - 61000", transaction: t), default);

        var unknown = await admin.Post("servers", Server("web-1"), "key");

        Assert.Equal((409, "outcome-unknown"), (unknown.Status, unknown.Code));
        Assert.Single((await admin.Get("servers")).Items);
    }

    [SkippableFact]
    public async Task Neither_a_password_sent_nor_a_token_answered_stands_in_the_table()
    {
        await using var host = await Start();
        using var admin = await ApiCaller.As(host, Role.Admin);

        var made = await admin.Post("tokens", new { name = "ci" }, "key");
        var again = await admin.Post("tokens", new { name = "ci" }, "key");

        var token = made.Json.GetProperty("token").GetString()!;
        Assert.Equal(token, again.Json.GetProperty("token").GetString());
        await using var connection = await host.Get<Database>().OpenRead(default);
        var row = string.Join('\n', ((IDictionary<string, object>)await connection.QuerySingleAsync("select * from idempotency_keys")).Values);
        Assert.DoesNotContain(token[4..], row, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(token))[4..20], row, StringComparison.Ordinal);
    }

    private static object Server(string name) => new { name, address = "db.example.org", userName = "root" };
}

public sealed class SqliteIdempotencyTests : IdempotencyTests
{
    private protected override Task<TestHost> Start() => TestHost.Start();
}

public sealed class PostgresIdempotencyTests : IdempotencyTests
{
    private protected override Task<TestHost> Start() => TestHost.OnPostgres();
}
