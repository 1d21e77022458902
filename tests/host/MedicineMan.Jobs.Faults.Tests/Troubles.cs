using MedicineMan.Testbed;

namespace MedicineMan.Jobs.Faults.Tests;

/// What happens to workers and their database, again and again until it is over.
internal static class Troubles
{
    private const string CutSql = """
        select count(pg_terminate_backend(pid)) from (
            select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() order by random() limit 3) chosen
        """;

    /// Killed in the middle, and started again by whoever watches over it.
    public static Func<Storm, CancellationToken, Task> Kills { get; } = Again(200, 1_000, storm => storm.WithOne(async worker =>
    {
        if (!worker.HasDied)
        {
            await worker.Kill();
        }

        worker.Start();
    }));

    /// Frozen for longer than its lease lasts, then woken in the middle of what it did; several at once.
    public static Func<Storm, CancellationToken, Task> Freezes { get; } = (storm, end) =>
    {
        var freeze = Again(50, 500, one => one.WithOne(async worker =>
        {
            worker.Stop();
            await Task.Delay(Random.Shared.Next(2_500, 4_000), CancellationToken.None);
            worker.Wake();
        }));
        return Task.WhenAll(freeze(storm, end), freeze(storm, end), freeze(storm, end));
    };

    /// Clocks set forth and back by up to three minutes, and right at the end.
    public static Func<Storm, CancellationToken, Task> ClockJumps { get; } = async (storm, end) =>
    {
        var jump = Again(100, 400, one => one.WithOne(worker =>
        {
            worker.SetClock(Random.Shared.Next(-180, 180));
            return Task.CompletedTask;
        }));
        await jump(storm, end);
        foreach (var worker in storm.Workers)
        {
            worker.SetClock(0);
        }
    };

    public static Func<Storm, CancellationToken, Task> Cuts { get; } = Again(100, 400, async storm =>
    {
        await storm.Database.Query<long>(CutSql);
        storm.Blows++;
    });

    public static Func<Storm, CancellationToken, Task> Restarts(PostgresServer server) => Again(2_000, 4_000, async storm =>
    {
        await Task.Run(server.Restart);
        storm.Blows++;
    });

    private static Func<Storm, CancellationToken, Task> Again(int leastPause, int mostPause, Func<Storm, Task> blow) => async (storm, end) =>
    {
        while (!end.IsCancellationRequested)
        {
            await Task.Delay(Random.Shared.Next(leastPause, mostPause), CancellationToken.None);
            try
            {
                await blow(storm);
            }
            catch (Exception exception) when (Storm.IsBroken(exception))
            {
                // Two troubles at once: the database was away when the connections were to be cut.
            }
        }
    };
}
