using System.Text.Json;
using MedicineMan.Host.Access;
using MedicineMan.Host.Tests.Api;
using MedicineMan.Host.Tests.Plugins.Capabilities;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Schedules;

/// A plan that is backed up by the clock, over API and pages of the real host.
public abstract class PlanScheduleTests
{
    private protected abstract Task<TestHost> Start();

    [SkippableFact]
    public async Task A_plan_gets_a_schedule_that_starts_its_backups_until_it_is_paused_or_the_plan_goes()
    {
        await using var host = await Start();
        using var admin = await ApiCaller.As(host, Role.Admin);
        var plan = await Plan(host, admin);

        var added = await admin.Post("schedules", Schedule(plan, "* * * * * *"));
        Assert.Equal((201, "* * * * * *", "UTC"), (added.Status, added.Json.GetProperty("cron").GetString(), added.Json.GetProperty("zone").GetString()));
        Assert.Equal(5, added.Json.GetProperty("upcoming").GetArrayLength());

        // The host's own clock ticks every second.
        await Eventually.Holds(async () => (await admin.Get($"backups?plan={plan}")).Items.Any(), seconds: 60);
        Assert.Contains("started", (await admin.Get($"schedules/{added.Id}/starts")).Items.Select(start => start.GetProperty("outcome").GetString()));

        var paused = await admin.Post($"schedules/{added.Id}/pause");
        Assert.Equal((200, JsonValueKind.String), (paused.Status, paused.Json.GetProperty("pausedAt").ValueKind));
        Assert.False(paused.Json.TryGetProperty("nextStartAt", out var next) && next.ValueKind is JsonValueKind.String);
        Assert.Equal(200, (await admin.Post($"schedules/{added.Id}/resume")).Status);
        var slower = await admin.Send(HttpMethod.Put, $"schedules/{added.Id}", Schedule(plan, "0 3 * * *", "Europe/Berlin"));
        Assert.Equal((200, "Europe/Berlin"), (slower.Status, slower.Json.GetProperty("zone").GetString()));

        await Eventually.Holds(async () => (await admin.Send(HttpMethod.Delete, $"plans/{plan}")).Status == 204, seconds: 60);
        Assert.Equal(404, (await admin.Get($"schedules/{added.Id}")).Status);
        Assert.Empty((await admin.Get("schedules")).Items);
    }

    [SkippableFact]
    public async Task What_can_not_be_kept_is_refused_with_all_that_is_wrong_and_nobody_else_sees_or_changes_it()
    {
        await using var host = await Start();
        using var admin = await ApiCaller.As(host, Role.Admin);
        using var viewer = await ApiCaller.As(host, Role.Viewer);
        using var stranger = await ApiCaller.As(host, Role.Admin, "other");
        var plan = await Plan(host, admin);

        var wrong = await admin.Post("schedules", Schedule(plan, "61 * * * *", "Nowhere/Land"));
        Assert.Equal(400, wrong.Status);
        Assert.Equal(["cron", "zone"], wrong.Json.GetProperty("errors").EnumerateObject().Select(error => error.Name).Order(StringComparer.Ordinal));
        Assert.Contains("There is no nothing", (await admin.Post("schedules", Schedule("nothing", "* * * * *"))).Detail, StringComparison.Ordinal);
        Assert.Equal(403, (await viewer.Post("schedules", Schedule(plan, "0 2 * * *"))).Status);
        Assert.Equal(400, (await stranger.Post("schedules", Schedule(plan, "0 2 * * *"))).Status);

        var id = (await admin.Post("schedules", Schedule(plan, "0 2 * * *"))).Id;
        Assert.Equal((409, "taken"), ((await admin.Post("schedules", Schedule(plan, "0 4 * * *"))) is var taken ? (taken.Status, taken.Code) : default));
        Assert.Equal(404, (await stranger.Get($"schedules/{id}")).Status);
        Assert.Equal(404, (await stranger.Send(HttpMethod.Delete, $"schedules/{id}")).Status);
        Assert.Equal(403, (await viewer.Post($"schedules/{id}/run")).Status);
        Assert.Equal(5, (await viewer.Post("schedules/preview", Schedule(plan, "*/10 * * * *"))).Json.GetArrayLength());
    }

    [SkippableFact]
    public async Task A_schedule_is_made_looked_at_paused_started_and_removed_on_its_pages()
    {
        await using var host = await Start();
        using var admin = await ApiCaller.As(host, Role.Admin);
        var owner = await host.Owner();
        var plan = await Plan(host, admin);
        Assert.Contains("by hand only", (await owner.Get($"/backups/plans/{plan}")).Text, StringComparison.Ordinal);
        Assert.Contains("No backup is started by the clock yet", (await owner.Get("/jobs/schedules")).Text, StringComparison.Ordinal);

        var form = $"/jobs/schedules/new?does=back-up&subject={plan}";
        (string, string)[] Fields(string cron) =>
            [("Does", "back-up"), ("Subject", plan), ("Form.Name", "Nightly"), ("Form.Cron", cron), ("Form.Zone", "Europe/Berlin"), ("Form.JitterMinutes", "30"), ("Form.Missed", "once"), ("Form.MissedMost", "10"), ("Form.Overlap", "skip"), ("Form.Blackouts", "Mon-Fri 08:00-18:00")];
        var token = (await owner.Get(form)).Token;
        Assert.Contains("\"99 2 * * *\" is no schedule", (await owner.Post("/jobs/schedules/new", token, Fields("99 2 * * *"))).Text, StringComparison.Ordinal);
        var preview = await owner.Post("/jobs/schedules/new?handler=Preview", token, Fields("0 2 * * *"));
        Assert.Contains("Next starts:", preview.Text, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"\d:\d\d:\d\d UTC", preview.Text);
        Assert.Matches(@"\d:\d\d:\d\d UTC", (await owner.Post("/jobs/schedules/new?handler=Preview", token, Fields("20 0 3 * * *"))).Text);
        // What is pressed next saves, and does not look ahead once more.
        Assert.Equal("/jobs/schedules/new", preview.Page.QuerySelector("main form.card")!.GetAttribute("action"));
        var made = await owner.Post("/jobs/schedules/new", token, Fields("0 2 * * *"));

        Assert.StartsWith("/jobs/schedules/", made.Location, StringComparison.Ordinal);
        var page = await owner.Get(made.Location!);
        Assert.Contains("each start later by up to 30 minutes", page.Text, StringComparison.Ordinal);
        Assert.Equal(5, page.Page.QuerySelectorAll("ol.plain time").Length);
        Assert.Contains("Nightly", (await owner.Get("/jobs/schedules")).Text, StringComparison.Ordinal);
        Assert.Contains("0 2 * * *", (await owner.Get($"/backups/plans/{plan}")).Text, StringComparison.Ordinal);

        await owner.Send(made.Location + "?handler=Pause");
        Assert.Contains("paused", (await owner.Get(made.Location!)).Text, StringComparison.Ordinal);
        await owner.Send(made.Location + "?handler=Resume");
        Assert.StartsWith("/backups/runs/", (await owner.Send(made.Location + "?handler=Run")).Location, StringComparison.Ordinal);
        Assert.Contains("Asked for by", (await owner.Get(made.Location!)).Text, StringComparison.Ordinal);
        Assert.Equal("/jobs/schedules", (await owner.Send(made.Location + "?handler=Remove")).Location);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await owner.Get(made.Location!)).Status);
    }

    private static object Schedule(string plan, string cron, string zone = "UTC") => new { name = "nightly", action = "back-up", subject = plan, cron, zone };

    private static async Task<string> Plan(TestHost host, ApiCaller admin)
    {
        var server = (await admin.Post("servers", new { name = "db", address = "192.0.2.1", userName = "root" })).Id;
        var repository = (await admin.Post("repositories", new { name = "vault", kind = "local", settings = new { path = Path.Combine(host.Data, "repository") } })).Id;
        return (await admin.Post("plans", new { name = "shop", serverId = server, repositoryId = repository, kind = "postgres", items = new[] { "shop" } })).Id;
    }
}

public sealed class SqlitePlanScheduleTests : PlanScheduleTests
{
    private protected override Task<TestHost> Start() => TestHost.Start();
}

public sealed class PostgresPlanScheduleTests : PlanScheduleTests
{
    private protected override Task<TestHost> Start() => TestHost.OnPostgres();
}
