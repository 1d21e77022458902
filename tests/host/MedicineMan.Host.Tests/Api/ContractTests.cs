using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using MedicineMan.Host.Access;
using MedicineMan.Host.Api.Contract;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Jobs;

namespace MedicineMan.Host.Tests.Api;

/// What every endpoint shares: problems, lists, forms of things, the limit, the description.
public abstract class ContractTests
{
    private protected abstract Task<TestHost> Start();

    [SkippableFact]
    public async Task All_that_is_wrong_with_a_request_is_said_at_once()
    {
        await using var host = await Start();
        using var admin = await ApiCaller.As(host, Role.Admin);

        var refused = await admin.Post("servers", new { name = "  ", address = "not a host!", port = 0, userName = "" });

        Assert.Equal((400, "invalid", "application/problem+json"), (refused.Status, refused.Code, refused.ContentType));
        Assert.Equal(["address", "name", "port", "userName"], refused.Json.GetProperty("errors").EnumerateObject().Select(error => error.Name).Order());
    }

    [SkippableTheory]
    [InlineData("""{ "name": "x", "adress": "y" }""", "adress", "There is no field adress")]
    [InlineData("""{ "name": "x", "port": "many" }""", "port", "another type")]
    [InlineData("""{ "name": """, "body", "not JSON")]
    public async Task A_body_that_cannot_be_read_names_the_field(string body, string field, string sentence)
    {
        await using var host = await Start();
        using var admin = await ApiCaller.As(host, Role.Admin);

        var refused = await admin.Post("servers", body);

        Assert.Equal((400, "malformed"), (refused.Status, refused.Code));
        Assert.Contains(sentence, refused.Detail, StringComparison.Ordinal);
        Assert.True(refused.Json.GetProperty("errors").TryGetProperty(field, out _), refused.Content);
    }

    [SkippableFact]
    public async Task What_is_not_there_and_what_cannot_be_done_have_codes_of_their_own()
    {
        await using var host = await Start();
        using var caller = await ApiCaller.As(host, Role.Admin);
        await caller.Post("servers", new { name = "here", kind = "local" });

        Assert.Equal((404, "not-found"), Of(await caller.Get("servers/nothing")));
        Assert.Equal((404, "not-found"), Of(await caller.Get("nothing/at/all")));
        Assert.Equal((405, "method-not-allowed"), Of(await caller.Send(HttpMethod.Delete, "servers")));
        Assert.Equal((409, "taken"), Of(await caller.Post("servers", new { name = "again", kind = "local" })));
        Assert.Equal((400, "invalid"), Of(await caller.Get("servers?size=0")));
        Assert.Equal((400, "invalid"), Of(await caller.Get("servers?size=201")));
        Assert.Equal((422, "refused"), Of(await caller.Get("servers?after=rubbish")));
        Assert.Equal((400, "invalid"), Of(await caller.Get("jobs?state=sleeping")));

        static (int, string) Of(ApiAnswer answer) => (answer.Status, answer.Code);
    }

    [SkippableFact]
    public async Task A_browser_that_asks_for_a_page_gets_a_problem_too()
    {
        await using var host = await Start();
        using var caller = (await ApiCaller.As(host, Role.Admin)).Accepting("text/html,application/xhtml+xml;q=0.9");
        using var stranger = ApiCaller.Stranger(host).Accepting("text/html");

        foreach (var path in (string[])["plugins/none", "servers/nothing", "nothing/at/all", "../nothing"])
        {
            var missing = await caller.Get(path);
            Assert.Equal((404, "application/problem+json", "not-found"), (missing.Status, missing.ContentType, missing.Code));
        }

        Assert.Equal((400, "invalid"), (await caller.Get("servers?size=0")) is var refused ? (refused.Status, refused.Code) : default);
        Assert.Equal((401, "application/problem+json"), (await stranger.Get("plugins")) is var unknown ? (unknown.Status, unknown.ContentType) : default);
    }

    [SkippableFact]
    public async Task A_list_goes_on_where_its_cursor_stands()
    {
        await using var host = await Start();
        using var admin = await ApiCaller.As(host, Role.Admin);
        foreach (var name in new[] { "c", "a", "b", "ä'\"; drop" })
        {
            Assert.Equal(201, (await admin.Post("servers", new { name, address = "db.example.org", userName = "root" })).Status);
        }

        var first = await admin.Get("servers?size=3");
        var second = await admin.Get($"servers?size=3&after={first.Next}");

        Assert.Equal(["a", "b", "c"], first.Items.Select(item => item.GetProperty("name").GetString()));
        Assert.Equal("ä'\"; drop", Assert.Single(second.Items).GetProperty("name").GetString());
        Assert.Null(second.Next);
    }

    [SkippableFact]
    public async Task A_job_is_listed_by_state_followed_cancelled_and_retried()
    {
        await using var host = await Start();
        using var caller = await ApiCaller.As(host, Role.Operator);
        var later = await host.Get<Database>().Write(
            t => host.Get<JobQueue>().Enqueue(t, new JobRequest("default", "test-nothing", """{"plan":"7","apiToken":"hush"}""") { Title = "Do nothing", NotBefore = DateTimeOffset.MaxValue.AddYears(-1) }, default), default);

        var listed = Assert.Single((await caller.Get("jobs?state=scheduled&type=test-nothing")).Items);
        var job = await caller.Get($"jobs/{later}");
        var cancelled = await caller.Post($"jobs/{later}/cancel");
        var again = await caller.Post($"jobs/{later}/cancel");
        var retried = await caller.Post($"jobs/{later}/retry");

        Assert.Equal(later, listed.GetProperty("id").GetString());
        Assert.Equal("scheduled", job.Json.GetProperty("state").GetString());
        Assert.DoesNotContain("hush", job.Content, StringComparison.Ordinal);
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", job.Json.GetProperty("createdAt").GetString());
        Assert.Equal((202, "cancelled", $"/api/v1/jobs/{later}"), (cancelled.Status, cancelled.Json.GetProperty("state").GetString(), cancelled.Location));
        Assert.Equal((409, "not-cancellable"), (again.Status, again.Code));
        Assert.Equal(202, retried.Status);
        var entries = await host.Get<AuditLog>().Page(OrganizationId.Default, null, 10, default);
        Assert.Equal(["job.retried", "job.cancelled"], entries.Items.Where(entry => entry.Action.StartsWith("job.", StringComparison.Ordinal)).Select(entry => entry.Action));
        Assert.Empty((await caller.Get($"jobs/{later}/log")).Items);
    }

    [SkippableFact]
    public async Task A_browser_session_changes_nothing_without_a_form_token()
    {
        await using var host = await Start();
        var owner = await host.Owner();
        using var forged = await owner.Client.PostAsJsonAsync(new Uri("/api/v1/tokens", UriKind.Relative), new { name = "x" });
        using var genuine = new HttpRequestMessage(HttpMethod.Post, new Uri("/api/v1/tokens", UriKind.Relative)) { Content = JsonContent.Create(new { name = "x" }) };
        genuine.Headers.Add("X-Form-Token", (await owner.Get("/settings/tokens")).Token);
        using var accepted = await owner.Client.SendAsync(genuine);

        Assert.Equal(HttpStatusCode.BadRequest, forged.StatusCode);
        Assert.Equal("form-token-missing", (await forged.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString());
        Assert.Equal(HttpStatusCode.Created, accepted.StatusCode);
    }

    [SkippableFact]
    public async Task Who_asks_without_a_pause_is_told_how_long_to_wait()
    {
        await using var host = await Start();
        using var caller = await ApiCaller.As(host, Role.Viewer);
        ApiAnswer? last = null;
        for (var i = 0; i < ApiLimit.Burst * 3 && last?.Status != 429; i += 20)
        {
            last = (await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => caller.Get("jobs/counts")))).MaxBy(answer => answer.Status);
        }

        Assert.Equal((429, "too-many-requests"), (last!.Status, last.Code));
        Assert.True(last.Headers.RetryAfter!.Delta >= TimeSpan.FromSeconds(1));
    }

    [SkippableFact]
    public async Task The_description_names_every_endpoint_and_the_shape_of_what_it_takes()
    {
        await using var host = await Start();
        using var viewer = await ApiCaller.As(host, Role.Viewer);

        var document = (await viewer.Get("openapi.json")).Json;

        var paths = document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(operation => $"{operation.Name.ToUpperInvariant()} {path.Name}")).ToList();
        Assert.Contains("POST /api/v1/restores", paths);
        Assert.True(paths.Count >= 40, string.Join('\n', paths));
        Assert.All(paths, path => Assert.Contains("/api/v1/", path, StringComparison.Ordinal));
        var schemas = document.GetProperty("components").GetProperty("schemas");
        var createdAt = schemas.GetProperty("Job").GetProperty("properties").GetProperty("createdAt");
        Assert.Equal(("string", "date-time"), (createdAt.GetProperty("type").GetString(), createdAt.GetProperty("format").GetString()));
        Assert.Contains("retrying", schemas.GetProperty("Job").GetProperty("properties").GetProperty("state").ToString() + schemas.GetProperty("JobState"), StringComparison.Ordinal);
        Assert.Contains("name", schemas.GetProperty("PlanRequest").GetProperty("required").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal("integer", schemas.GetProperty("Job").GetProperty("properties").GetProperty("attempt").GetProperty("type").GetString());
        Assert.True(schemas.TryGetProperty("ListOfJob", out _));
        Assert.Equal("bearer", document.GetProperty("components").GetProperty("securitySchemes").GetProperty("apiToken").GetProperty("scheme").GetString());
    }
}

public sealed class SqliteContractTests : ContractTests
{
    private protected override Task<TestHost> Start() => TestHost.Start();
}

public sealed class PostgresContractTests : ContractTests
{
    private protected override Task<TestHost> Start() => TestHost.OnPostgres();
}
