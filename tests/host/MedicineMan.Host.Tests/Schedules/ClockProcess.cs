using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Schedules;
using MedicineMan.Jobs;
using Microsoft.Extensions.Logging.Abstractions;

namespace MedicineMan.Host.Tests.Schedules;

/// The clock of a node in a process of its own, which a test kills and whose time it sets. What is due enqueues a job for its subject.
internal sealed class ClockProcess(string connectionString) : IDisposable
{
    public const string JobType = "due";

    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(200);

    private Process? process;

    /// This assembly is a program, too: one clock, which reads on standard input its database and then by how many seconds it is off.
    public static async Task Main()
    {
        await using var database = new Database(Console.In.ReadLine()!);
        var clock = Clock(database);
        var off = 0.0;
        var reading = Task.Run(async () =>
        {
            while (await Console.In.ReadLineAsync() is { } seconds)
            {
                Volatile.Write(ref off, double.Parse(seconds, CultureInfo.InvariantCulture));
            }
        });
        for (; !reading.IsCompleted; await Task.Delay(Often))
        {
            try
            {
                await clock.Tick(TimeProvider.System.GetUtcNow().AddSeconds(Volatile.Read(ref off)), CancellationToken.None);
            }
            catch (Exception)
            {
                // As in the host: the next tick makes up for it.
            }
        }
    }

    public static DueSchedules Clock(Database database)
    {
        var queue = new JobQueue(database, TimeProvider.System, new JobChanges(database));
        var enqueue = new ScheduledAction(
            "test", "Test",
            async (transaction, organization, _, subject, cancel) =>
                $"/jobs/{await queue.Enqueue(transaction, new JobRequest(organization.Value, JobType, JsonSerializer.Serialize(subject)) { ServerId = subject }, cancel)}",
            (_, subject, _) => Task.FromResult<string?>(subject), subject => $"/{subject}");
        return new(database, new ScheduleActions([enqueue]), new AuditLog(database, new AuditSeal(new byte[32]), TimeProvider.System), NullLogger<DueSchedules>.Instance);
    }

    public void Start()
    {
        process?.Dispose();
        process = Process.Start(new ProcessStartInfo("dotnet", ["exec", typeof(ClockProcess).Assembly.Location])
        {
            RedirectStandardInput = true, Environment = { ["DOTNET_EnableDiagnostics"] = "0" },
        })!;
        Say(connectionString);
    }

    public async Task Kill()
    {
        process!.Kill();
        await process.WaitForExitAsync();
    }

    public void SetOff(double seconds) => Say(seconds.ToString(CultureInfo.InvariantCulture));

    public void Dispose()
    {
        if (process is { HasExited: false })
        {
            process.Kill();
            process.WaitForExit();
        }

        process?.Dispose();
    }

    private void Say(string line)
    {
        process!.StandardInput.WriteLine(line);
        process.StandardInput.Flush();
    }
}
