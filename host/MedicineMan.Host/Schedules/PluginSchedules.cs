using Dapper;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Plugins.Guards;
using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Schedules.Times;
using MedicineMan.Jobs;

namespace MedicineMan.Host.Schedules;

/// Enqueues the jobs of plugins at the minutes their manifests name. How far a schedule has come is a row that moves in the transaction of the
/// enqueuing, so each due minute makes one job at most, however many nodes have a clock and whenever one of them dies.
internal sealed partial class PluginSchedules(Database database, JobQueue jobs, PluginCatalogue catalogue, ILogger<PluginSchedules> log)
{
    // The latest due minute that is late by less was not missed: a restart takes a while.
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan ArgumentsLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestLook = TimeSpan.FromDays(366);

    private const string BeginSql = """
        insert into plugin_schedules (organization_id, plugin_id, job_id, minute) values (@organization, @plugin, @job, @minute) on conflict do nothing
        """;

    private const string LastSql = "select minute from plugin_schedules where organization_id = @organization and plugin_id = @plugin and job_id = @job";

    private const string MoveSql = """
        update plugin_schedules set minute = @minute where organization_id = @organization and plugin_id = @plugin and job_id = @job and minute = @last
        """;

    /// Enqueues what has become due up to this moment. A schedule that fails leaves the others be, and is tried again at the next tick.
    public async Task Tick(DateTimeOffset now, CancellationToken cancel)
    {
        var minute = Floor(now);
        foreach (var (plugin, schedule) in catalogue.Active.SelectMany(plugin => plugin.Contributions.Schedules.Select(schedule => (plugin, schedule))))
        {
            try
            {
                await Tick(plugin, schedule, minute, cancel);
            }
            catch (Exception failure) when (!cancel.IsCancellationRequested)
            {
                Log.Failed(log, plugin.Manifest.Id, schedule.JobId, failure.Message);
            }
        }
    }

    /// What the plugins in use have started by the clock, and when next.
    public IReadOnlyList<PluginTime> Times(DateTimeOffset now) =>
    [
        .. from plugin in catalogue.Active
        from schedule in plugin.Contributions.Schedules
        let cron = plugin.Manifest.Jobs.First(job => job.Id == schedule.JobId).Cron!
        orderby plugin.Manifest.Name, schedule.JobId
        select new PluginTime(plugin.Manifest.Id, plugin.Manifest.Name, schedule.JobId, cron, new Cron(cron).Next(now)),
    ];

    private async Task Tick(LoadedPlugin plugin, ScheduleContribution schedule, DateTimeOffset minute, CancellationToken cancel)
    {
        var (id, job) = (plugin.Manifest.Id, plugin.Manifest.Jobs.First(one => one.Id == schedule.JobId));
        if (await Last(id, job.Id, minute, cancel) is not { } last || last >= minute)
        {
            return;
        }

        var due = Due(new Cron(job.Cron!), last, minute, job.CatchUp == "once");
        JobRequest? request = null;
        if (due is not null)
        {
            // The plugin's code runs before the transaction is opened: one that hangs must not hold the database.
            var where = $"schedule of {job.Id}";
            var arguments = await TimedCall.Run(plugin, where, ArgumentsLimit, either => plugin.Call(where, (_, _) => Task.FromResult(schedule.Arguments()), either), cancel);
            request = PluginJobs.Request(plugin.Manifest, job.Id, arguments, uniqueKey: null);
            // While one waits or runs there is no second, however long its type is held back. The plugin's own keys all have something behind the type.
            request = request with { UniqueKey = request.Type };
        }

        await database.Write(
            async transaction =>
            {
                var moved = await transaction.Connection!.ExecuteAsync(new CommandDefinition(
                    MoveSql, new { organization = OrganizationId.Default, plugin = id, job = job.Id, minute, last }, transaction, cancellationToken: cancel));
                if (moved == 1 && request is not null)
                {
                    await jobs.Enqueue(transaction, request, cancel);
                }
            },
            cancel);
    }

    /// Null for a schedule that is seen for the first time: it begins with the next minute.
    private async Task<DateTimeOffset?> Last(string plugin, string job, DateTimeOffset minute, CancellationToken cancel)
    {
        await using (var connection = await database.OpenRead(OrganizationId.Default, cancel))
        {
            var last = await connection.QuerySingleOrDefaultAsync<long?>(new CommandDefinition(LastSql, new { organization = OrganizationId.Default, plugin, job }, cancellationToken: cancel));
            if (last is { } known)
            {
                return DateTimeOffset.FromUnixTimeMilliseconds(known);
            }
        }

        await database.Write(transaction => transaction.Connection!.ExecuteAsync(new CommandDefinition(
            BeginSql, new { organization = OrganizationId.Default, plugin, job, minute }, transaction, cancellationToken: cancel)), cancel);
        return null;
    }

    /// The latest due minute, which makes up for those before it too; one older than the grace only if missed runs are to be caught up.
    internal static DateTimeOffset? Due(Cron cron, DateTimeOffset last, DateTimeOffset minute, bool catchUp)
    {
        for (var at = minute; at > last && at > minute - (catchUp ? LongestLook : Grace); at = at.AddMinutes(-1))
        {
            if (cron.IsDue(at))
            {
                return at;
            }
        }

        return null;
    }

    private static DateTimeOffset Floor(DateTimeOffset now) => DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds() / 60 * 60);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The schedule of {Plugin}/{Job} could not be kept: {Reason}")]
        public static partial void Failed(ILogger log, string plugin, string job, string reason);
    }
}

/// A job that a plugin has the clock start.
/// <param name="Cron">In UTC, as the manifest has it: the same moment wherever the plugin runs.</param>
/// <param name="Next">Null when it never comes again.</param>
internal sealed record PluginTime(string PluginId, string Plugin, string Job, string Cron, DateTimeOffset? Next);
