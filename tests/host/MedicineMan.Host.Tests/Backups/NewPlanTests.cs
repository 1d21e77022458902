using MedicineMan.Host.Audit;
using MedicineMan.Host.Backups.Plans;
using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Host.Backups.Runs;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Schedules;
using MedicineMan.Host.Servers;
using MedicineMan.Jobs;

namespace MedicineMan.Host.Tests.Backups;

/// A plan as a person makes one, and how urgent what it starts is.
public sealed class NewPlanTests
{
    private static readonly OrganizationId Here = OrganizationId.Default;

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_new_plan_is_backed_up_every_day_unless_it_is_told_otherwise(bool postgres)
    {
        await using var host = postgres ? await TestHost.OnPostgres() : await TestHost.Start();
        var browser = await host.Owner();
        var server = await host.Get<ServerStore>().Add(Here, new ServerDraft { Name = "here", Kind = ServerKind.Local }, Actor.System, default);
        var repository = await host.Get<RepositoryStore>().Add(Here, Actor.System, new NewRepository("safe", "local", $$"""{"path":"{{host.Data}}/safe"}"""), null, default);
        (string, string)[] Form(string name, string hour) => [("Form.Name", name), ("Form.ServerId", server), ("Form.RepositoryId", repository), ("Form.Kind", "postgres"), ("Form.Prove", "true"), ("DailyAt", hour)];

        Assert.Equal("2", (await browser.Get("/backups/plans/new")).Page.QuerySelector("#DailyAt option[selected]")!.GetAttribute("value"));
        var wrong = await browser.Send("/backups/plans/new", Form("shop", "24"));
        var nightly = (await browser.Send("/backups/plans/new", Form("shop", "3"))).Location!.Split('/')[^1];
        var manual = (await browser.Send("/backups/plans/new", Form("archive", ""))).Location!.Split('/')[^1];

        Assert.Contains("between 0 and 23", wrong.Text, StringComparison.Ordinal);
        Assert.Equal(2, (await host.Get<PlanStore>().Page(Here, null, null, 10, default)).Items.Count);
        var schedule = Assert.Single(await host.Get<ScheduleStore>().Of(Here, BackUp.Action, nightly, default));
        Assert.Equal(("Back up shop", "0 3 * * *", "UTC", 1800), (schedule.Name, schedule.Cron, schedule.Zone, schedule.JitterSeconds));
        Assert.Empty(await host.Get<ScheduleStore>().Of(Here, BackUp.Action, manual, default));
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_person_asks_for_goes_before_the_clock_in_the_queue_of_backups_and_one_at_a_time_on_a_server(bool postgres)
    {
        await using var host = postgres ? await TestHost.OnPostgres() : await TestHost.Start();
        await host.Get<JobWorker>().StopAsync(default);
        var server = await host.Get<ServerStore>().Add(Here, new ServerDraft { Name = "here", Kind = ServerKind.Local }, Actor.System, default);
        var repository = await host.Get<RepositoryStore>().Add(Here, Actor.System, new NewRepository("safe", "local", $$"""{"path":"{{host.Data}}/safe"}"""), null, default);
        async Task<JobRow> Job(string name, Func<string, Task<string>> start)
        {
            var plan = await host.Get<PlanStore>().Add(Here, Actor.System, new PlanSettings { Name = name, ServerId = server, RepositoryId = repository, Kind = "postgres" }, default);
            var run = await host.Get<RunStore>().Get(Here, await start(plan), default);
            return (await host.Get<JobQueue>().Find(Here.Value, run.DumpJobId!, default))!;
        }

        var clock = await Job("nightly", async plan => (await host.Get<Database>().Write(t => host.Get<RunStore>().BackUpDue(t, Here, Actor.System, plan, default), default))!.Split('/')[^1]);
        var person = await Job("now", plan => host.Get<RunStore>().BackUpNow(Here, new Actor("person", "p", "Ada", null), plan, default));

        Assert.Equal((0, 1440), (clock.Priority, person.Priority));
        Assert.All([clock, person], job => Assert.Equal(("backups", $"server:{server}", 1), (job.Queue, job.ConcurrencyKey, job.ConcurrencyLimit)));
        Assert.All([clock, person], job => Assert.Equal(($"storage:{repository}", 4), (job.SecondKey, job.SecondLimit)));
        var looks = (await host.Get<JobQueue>().Page(Here.Value, new JobFilter { Type = "prepare-repository" }, null, 10, default)).Single();
        Assert.Equal(("default", $"storage:{repository}", 2), (looks.Queue, looks.ConcurrencyKey, looks.ConcurrencyLimit));
    }
}
