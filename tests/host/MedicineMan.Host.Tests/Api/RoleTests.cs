using System.Text.RegularExpressions;
using Dapper;
using MedicineMan.Host.Access;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Backups.Plans;
using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Host.Backups.Runs;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Schedules;
using MedicineMan.Host.Servers;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace MedicineMan.Host.Tests.Api;

/// Every endpoint of the API with every role, as a stranger, and from another organisation.
public abstract class RoleTests
{
    private protected abstract Task<TestHost> Start();

    private static readonly Dictionary<string, Role> Expected = new()
    {
        ["GET /servers"] = Role.Viewer, ["GET /servers/{id}"] = Role.Viewer, ["POST /servers"] = Role.Admin, ["PUT /servers/{id}"] = Role.Admin, ["DELETE /servers/{id}"] = Role.Admin,
        ["POST /servers/{id}/test"] = Role.Operator, ["PUT /servers/{id}/host-key"] = Role.Admin, ["POST /servers/{id}/scans"] = Role.Operator, ["GET /servers/{id}/scans/latest"] = Role.Viewer,
        ["GET /repositories"] = Role.Viewer, ["GET /repositories/{id}"] = Role.Viewer, ["POST /repositories"] = Role.Admin, ["DELETE /repositories/{id}"] = Role.Admin,
        ["GET /repositories/{id}/snapshots"] = Role.Viewer, ["POST /repositories/{id}/snapshots/read"] = Role.Operator, ["GET /repositories/{id}/snapshots/{snapshot}"] = Role.Viewer,
        ["GET /repositories/{id}/snapshots/{snapshot}/files"] = Role.Viewer,
        ["GET /plans"] = Role.Viewer, ["GET /plans/{id}"] = Role.Viewer, ["POST /plans"] = Role.Admin, ["PUT /plans/{id}"] = Role.Admin, ["DELETE /plans/{id}"] = Role.Admin, ["POST /plans/{id}/run"] = Role.Operator,
        ["GET /backups"] = Role.Viewer, ["GET /backups/{id}"] = Role.Viewer, ["GET /backups/{id}/objects"] = Role.Viewer, ["POST /backups/{id}/prove"] = Role.Operator,
        ["GET /restores"] = Role.Viewer, ["GET /restores/{id}"] = Role.Viewer, ["POST /restores"] = Role.Operator,
        ["GET /jobs"] = Role.Viewer, ["GET /jobs/counts"] = Role.Viewer, ["GET /jobs/{id}"] = Role.Viewer, ["GET /jobs/{id}/log"] = Role.Viewer, ["POST /jobs/{id}/cancel"] = Role.Operator, ["POST /jobs/{id}/retry"] = Role.Operator, ["POST /jobs/{id}/run-again"] = Role.Operator,
        ["GET /jobs/stats"] = Role.Viewer, ["GET /jobs/workers"] = Role.Viewer, ["GET /jobs/backlog"] = Role.Viewer, ["GET /jobs/dead"] = Role.Viewer, ["POST /jobs/dead/retry"] = Role.Operator,
        ["GET /jobs/pauses"] = Role.Viewer, ["POST /jobs/pauses"] = Role.Admin, ["POST /jobs/pauses/resume"] = Role.Admin, ["GET /jobs/groups/{id}"] = Role.Viewer,
        ["GET /schedules"] = Role.Viewer, ["GET /schedules/upcoming"] = Role.Viewer, ["GET /schedules/{id}"] = Role.Viewer, ["GET /schedules/{id}/starts"] = Role.Viewer, ["POST /schedules"] = Role.Admin, ["POST /schedules/preview"] = Role.Viewer,
        ["PUT /schedules/{id}"] = Role.Admin, ["DELETE /schedules/{id}"] = Role.Admin, ["POST /schedules/{id}/pause"] = Role.Operator, ["POST /schedules/{id}/resume"] = Role.Operator, ["POST /schedules/{id}/run"] = Role.Operator,
        ["GET /plugins"] = Role.Viewer, ["GET /plugins/available"] = Role.Viewer, ["GET /plugins/{id}"] = Role.Viewer, ["GET /plugins/lock"] = Role.Admin, ["POST /plugins"] = Role.Admin, ["POST /plugins/upload"] = Role.Admin,
        ["POST /plugins/{id}/approve"] = Role.Admin, ["POST /plugins/{id}/decline"] = Role.Admin, ["POST /plugins/{id}/enable"] = Role.Admin, ["POST /plugins/{id}/disable"] = Role.Admin, ["POST /plugins/{id}/upgrade"] = Role.Admin,
        ["POST /plugins/{id}/rollback"] = Role.Admin, ["DELETE /plugins/{id}"] = Role.Admin, ["GET /plugins/registries"] = Role.Viewer, ["POST /plugins/registries"] = Role.Admin,
        ["POST /plugins/registries/{id}/refresh"] = Role.Admin, ["POST /plugins/registries/{id}/trust"] = Role.Admin, ["DELETE /plugins/registries/{id}"] = Role.Admin,
        ["GET /tokens"] = Role.Viewer, ["POST /tokens"] = Role.Viewer, ["DELETE /tokens/{id}"] = Role.Viewer, ["GET /openapi.json"] = Role.Viewer,
        ["GET /plugins/{id}/settings"] = Role.Admin, ["PUT /plugins/{id}/approvals"] = Role.Admin, ["PUT /plugins/{id}/settings"] = Role.Admin,
    };

    [SkippableFact]
    public async Task Every_endpoint_answers_those_who_may_and_nobody_else()
    {
        await using var host = await Start();
        Assert.Equal(Expected.Keys.Order(StringComparer.Ordinal), Endpoints(host).Order(StringComparer.Ordinal));
        using var stranger = ApiCaller.Stranger(host);
        foreach (var endpoint in Expected.Keys)
        {
            var answer = await Call(stranger, endpoint, "none");
            Assert.True(answer.Status == 401 && answer.Code == "not-signed-in", $"{endpoint} answered a stranger with {answer.Status}");
        }

        foreach (var role in new[] { Role.Viewer, Role.Operator, Role.Admin })
        {
            using var caller = await ApiCaller.As(host, role);
            foreach (var (endpoint, needed) in Expected)
            {
                var answer = await Call(caller, endpoint, "none");
                if (role < needed)
                {
                    Assert.True(answer.Status == 403 && answer.Code == "role-missing" && answer.Detail.Contains(needed.Text(), StringComparison.Ordinal), $"{endpoint} answered a {role} with {answer.Status} {answer.Content}");
                }
                else
                {
                    Assert.True(answer.Status is < 500 and not 401 and not 403, $"{endpoint} answered a {role} with {answer.Status} {answer.Content}");
                }
            }
        }
    }

    [SkippableFact]
    public async Task Nothing_of_an_organisation_is_seen_or_touched_from_another()
    {
        await using var host = await Start();
        using var owner = await ApiCaller.As(host, Role.Owner);
        using var other = await ApiCaller.As(host, Role.Owner, "elsewhere");
        var ids = await Things(host);
        foreach (var endpoint in Expected.Keys.Where(endpoint => endpoint.Contains("{id}", StringComparison.Ordinal) && endpoint != "GET /servers/{id}/scans/latest" && !endpoint.Contains("/plugins/", StringComparison.Ordinal)))
        {
            var id = ids[endpoint.Split('/')[1]];
            Assert.Equal(404, (await Call(other, endpoint, id, Body(endpoint, ids))).Status);
        }

        foreach (var endpoint in Expected.Keys.Where(endpoint => endpoint.StartsWith("GET", StringComparison.Ordinal) && !endpoint.Contains('{', StringComparison.Ordinal) && endpoint.Split('/')[1] is not ("plugins" or "tokens" or "openapi.json")))
        {
            // Workers serve everybody, and so does what waits for them.
            if (endpoint is "GET /jobs/workers" or "GET /jobs/backlog")
            {
                continue;
            }

            var (mine, theirs) = (await Call(owner, endpoint, ""), await Call(other, endpoint, ""));
            if (endpoint == "GET /jobs/counts")
            {
                Assert.All(theirs.Json.EnumerateObject(), count => Assert.Equal(0, count.Value.GetInt64()));
            }
            else
            {
                Assert.True(mine.Items.Count > 0 || endpoint is "GET /jobs/stats" or "GET /jobs/dead" or "GET /jobs/pauses", endpoint);
                Assert.Empty(theirs.Items);
            }
        }

        var stolen = await other.Post("plans", Body("POST /plans", ids));
        Assert.Equal(400, stolen.Status);
        Assert.True(stolen.Json.GetProperty("errors").TryGetProperty("serverId", out _) && stolen.Json.GetProperty("errors").TryGetProperty("repositoryId", out _), stolen.Content);
    }

    /// One of everything, in the default organisation.
    private static async Task<Dictionary<string, string>> Things(TestHost host)
    {
        var (organization, actor) = (OrganizationId.Default, Actor.System);
        var server = await host.Get<ServerStore>().Add(organization, new ServerDraft { Name = "here", Kind = ServerKind.Local }, actor, default);
        var repository = await host.Get<RepositoryStore>().Add(organization, actor, new NewRepository("safe", "local", $$"""{"path":"{{host.Data}}/safe"}"""), null, default);
        var plan = await host.Get<PlanStore>().Add(organization, actor, new PlanSettings { Name = "shop", ServerId = server, RepositoryId = repository, Kind = "postgres" }, default);
        var run = await host.Get<RunStore>().BackUpNow(organization, actor, plan, default);
        var schedule = await host.Get<ScheduleStore>().Add(organization, actor, new ScheduleSettings { Name = "nightly", Action = "back-up", Subject = plan, Cron = "0 2 * * *" }, default);
        const string restore = "r1";
        await host.Get<Database>().Write(
            t => t.Connection!.ExecuteAsync(
                """
                insert into restores (id, organization_id, repository_id, snapshot_id, kind, server_id, item, target, replace_existing, dry_run, state, created_at)
                values (@restore, 'default', @repository, 'ab', 'postgres', @server, 'shop', 'copy', 0, 1, 'done', 1)
                """,
                new { restore, repository, server }, t),
            default);
        return new() { ["servers"] = server, ["repositories"] = repository, ["plans"] = plan, ["backups"] = run, ["restores"] = restore, ["jobs"] = (await host.Get<RunStore>().Get(organization, run, default)).DumpJobId!, ["schedules"] = schedule, ["tokens"] = "none" };
    }

    private static object Body(string endpoint, Dictionary<string, string> ids) => endpoint switch
    {
        "PUT /servers/{id}" => new { name = "x", kind = "local" },
        "PUT /servers/{id}/host-key" => new { fingerprint = "SHA256:x", reason = "x" },
        "PUT /schedules/{id}" => new { name = "x", action = "back-up", subject = ids["plans"], cron = "0 2 * * *" },
        "POST /plans" or "PUT /plans/{id}" => new { name = "x", serverId = ids["servers"], repositoryId = ids["repositories"], kind = "postgres" },
        _ => new { },
    };

    private static Task<ApiAnswer> Call(ApiCaller caller, string endpoint, string id, object? body = null)
    {
        var (method, path) = (HttpMethod.Parse(endpoint.Split(' ')[0]), endpoint.Split(" /")[1]);
        var filled = path.Replace("{id}", id, StringComparison.Ordinal).Replace("{snapshot}", "ab", StringComparison.Ordinal);
        return caller.Send(method, filled, method == HttpMethod.Get || method == HttpMethod.Delete ? null : body ?? new { });
    }

    private static IEnumerable<string> Endpoints(TestHost host) =>
        from route in host.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        let path = "/" + route.RoutePattern.RawText!.Trim('/')
        where path.StartsWith("/api/v1/", StringComparison.Ordinal)
        from method in route.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods
        select $"{method} {Regex.Replace(path["/api/v1".Length..], "/$", "")}";
}

public sealed class SqliteRoleTests : RoleTests
{
    private protected override Task<TestHost> Start() => TestHost.Start();
}

public sealed class PostgresRoleTests : RoleTests
{
    private protected override Task<TestHost> Start() => TestHost.OnPostgres();
}
