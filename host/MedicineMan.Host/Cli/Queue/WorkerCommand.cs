using MedicineMan.Host.Data;
using MedicineMan.Host.Setup;
using MedicineMan.Jobs.Enqueueing;
using MedicineMan.Jobs;
using MedicineMan.Sdk;
using System.CommandLine;

namespace MedicineMan.Host.Cli.Queue;

/// A process that only works: any number of them share a PostgreSQL database with the web server and with each other.
internal static class WorkerCommand
{
    private const string DefaultUrl = "http://127.0.0.1:5081";

    public static Command Create(Option<string?> urls, Func<ParseResult, HostSettings> settings)
    {
        var queues = new Option<string?>("--queues") { Description = "Only jobs of these queues, separated by commas. Default: all." };
        var concurrency = new Option<int?>("--concurrency") { Description = "Jobs at the same time. Default: two a processor, at least four." };
        var command = new Command("worker", "Runs jobs and serves no pages, on a database that it shares with others; /healthz, /readyz and /metrics tell how it is.") { queues, concurrency, urls };
        command.SetAction((parsed, cancel) =>
        {
            var read = settings(parsed);
            if (read.Database is null || ConnectionStrings.IsSqlite(read.Database))
            {
                throw new UserFacingException("A worker of its own shares its database with the web server, and SQLite belongs to one process. Move to PostgreSQL and say --database postgres://user:password@host/name.");
            }

            var names = parsed.GetValue(queues)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (names?.FirstOrDefault(name => !QueueName.IsOne(name)) is { } wrong)
            {
                throw new UserFacingException($"“{wrong}” is no name of a queue: {QueueName.Rule}");
            }

            if (parsed.GetValue(concurrency) is < 1)
            {
                throw new UserFacingException("--concurrency is at least 1.");
            }

            return Serve.Work(
                read with { NoWorker = false, Urls = parsed.GetValue(urls) ?? DefaultUrl, Worker = new WorkerSettings(names is { Length: > 0 } ? names : null, parsed.GetValue(concurrency)) }, cancel);
        });
        return command;
    }
}
