using System.Net;
using System.Net.Http.Headers;
using Dapper;
using MedicineMan.Host.Data;

namespace MedicineMan.Host.Tests.Access;

public abstract class ApiTokenTests
{
    private protected abstract Task<TestHost> Start();

    [SkippableFact]
    public async Task A_token_acts_as_its_person_until_it_is_revoked()
    {
        await using var host = await Start();
        var owner = await host.Owner();
        var token = await Create(owner);
        Assert.Equal(HttpStatusCode.OK, await Call(host, token));
        var list = await owner.Get("/settings/tokens");
        Assert.DoesNotContain(token, list.Body, StringComparison.Ordinal);
        var id = list.Page.QuerySelector("input[name=id]")!.GetAttribute("value")!;
        await owner.Send("/settings/tokens?handler=Revoke", ("id", id));
        Assert.Equal(HttpStatusCode.Unauthorized, await Call(host, token));
    }

    [SkippableFact]
    public async Task Nothing_in_the_database_gives_the_token_away()
    {
        await using var host = await Start();
        var token = await Create(await host.Owner());
        await using var connection = await host.Get<Database>().OpenRead(default);
        var row = (IDictionary<string, object>)await connection.QuerySingleAsync("select * from api_tokens");
        var pieces = Enumerable.Range(20, token.Length - 27).Select(at => token.Substring(at, 8)).ToList();
        Assert.DoesNotContain(row.Values, value => value is string text && pieces.Exists(piece => text.Contains(piece, StringComparison.Ordinal)));
        Assert.IsType<byte[]>(row["hash"]);
    }

    [SkippableTheory]
    [InlineData("mm_")]
    [InlineData("mm_0123456789abcdef_wrong")]
    [InlineData("something else")]
    public async Task A_made_up_token_is_refused(string token)
    {
        await using var host = await Start();
        await host.Owner();
        Assert.Equal(HttpStatusCode.Unauthorized, await Call(host, token));
    }

    [SkippableFact]
    public async Task An_expired_token_is_refused()
    {
        await using var host = await Start();
        var token = await Create(await host.Owner());
        await host.Get<Database>().Write(t => t.Connection!.ExecuteAsync("update api_tokens set expires_at = 1", transaction: t), default);
        Assert.Equal(HttpStatusCode.Unauthorized, await Call(host, token));
    }

    private static async Task<string> Create(TestBrowser browser)
    {
        var made = await browser.Send("/settings/tokens?handler=Create", ("Name", "ci"), ("Days", "30"));
        return made.Page.QuerySelector("#created-token")!.TextContent;
    }

    private static async Task<HttpStatusCode> Call(TestHost host, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Url, "/settings/profile"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await host.Stranger().Client.SendAsync(request);
        return answer.StatusCode;
    }
}

public sealed class SqliteApiTokenTests : ApiTokenTests
{
    private protected override Task<TestHost> Start() => TestHost.Start();
}

public sealed class PostgresApiTokenTests : ApiTokenTests
{
    private protected override Task<TestHost> Start() => TestHost.OnPostgres();
}
