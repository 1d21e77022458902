using MedicineMan.Host.Api.Contract;
using MedicineMan.Host.Api;
using MedicineMan.Host.Cli.Show;
using MedicineMan.Host.Cli.Wire;
using MedicineMan.Host.JobScreens;
using MedicineMan.Jobs.Monitoring;
using MedicineMan.Jobs.Pausing;
using MedicineMan.Jobs;
using System.CommandLine;

namespace MedicineMan.Host.Cli.Queue;

/// The queue as a whole, from the command line.
internal static class QueueCommands
{
    private static readonly Option<string?> Type = new("--type") { Description = "Only of this type." };

    public static Command Dead() => new Command("dead", "Lists dead jobs by type and kind of error.").Does((_, host, output, cancel) => output.List(
        host.All<DeadKind>("jobs/dead", cancel),
        "No job is dead.",
        ("JOBS", kind => Count(kind.Jobs)), ("TYPE", kind => kind.Type), ("ERROR", kind => kind.Signature), ("LAST", kind => Output.Time(kind.LastAt))));

    public static Command RetryDead()
    {
        var error = new Option<string?>("--error") { Description = "Only with this kind of error, as \"job dead\" shows it." };
        var all = new Option<bool>("--all") { Description = "All dead jobs, of whatever type and error." };
        return new Command("retry-dead", "Runs all dead jobs of a type or a kind of error again.") { Type, error, all }.Does(async (parsed, host, output, cancel) =>
        {
            var (type, signature) = (parsed.GetValue(Type), parsed.GetValue(error));
            if (type is null && signature is null && !parsed.GetValue(all))
            {
                throw new Sdk.UserFacingException("Say which: --type, --error, or --all for all dead jobs.");
            }

            var kinds = await host.All<DeadKind>("jobs/dead", cancel).Where(kind => (type is null || kind.Type == type) && (signature is null || kind.Signature == signature)).ToListAsync(cancel);
            if (kinds.Count == 0)
            {
                throw new Sdk.UserFacingException("No dead job is like that. See: medicineman job dead");
            }

            var request = new DeadRetryRequest { Type = type, Signature = signature, UpTo = kinds.Max(kind => kind.NewestId) };
            var job = await host.Start<JobAnswer>("jobs/dead/retry", request, cancel);
            return output.One(job, ("job", job.Id), ("runs again", Count(kinds.Sum(kind => kind.Jobs))));
        });
    }

    public static Command Stats()
    {
        var range = new Option<string>("--range") { Description = string.Join(", ", StatsRange.All.Select(one => one.Name)) + ".", DefaultValueFactory = _ => StatsRange.All[0].Name };
        return new Command("stats", "What was done over time, and how long jobs waited and ran.") { range, Type }.Does((parsed, host, output, cancel) => output.List(
            host.All<StatsAnswer>($"jobs/stats?range={Uri.EscapeDataString(parsed.GetValue(range)!)}{(parsed.GetValue(Type) is { } type ? $"&type={Uri.EscapeDataString(type)}" : "")}", cancel),
            "No job ended.",
            ("FROM", step => Output.Time(step.From)), ("SUCCEEDED", step => Count(step.Succeeded)), ("DEAD", step => Count(step.Dead)),
            ("WAITED 50/95/99 %", step => step.Wait.ToString()), ("RAN 50/95/99 %", step => step.Run.ToString())));
    }

    public static Command Workers() => new Command("workers", "Lists the workers that were seen in the last day.").Does((_, host, output, cancel) => output.List(
        host.All<JobWorkerRow>("jobs/workers", cancel),
        "No worker was seen in the last day.",
        ("WORKER", worker => worker.Name), ("RUNNING", worker => $"{worker.Running} of {worker.Concurrency}"), ("QUEUES", worker => worker.Queues.Count == 0 ? "all" : string.Join(' ', worker.Queues)),
        ("LAST SEEN", worker => Output.Exactly(worker.SeenAt)), ("STOPPED", worker => Output.Exactly(worker.StoppedAt))));

    public static Command Pauses() => new Command("pauses", "Lists what is held back.").Does((_, host, output, cancel) => output.List(
        host.All<JobPause>("jobs/pauses", cancel),
        "Nothing is held back.",
        ("WHAT", pause => $"{pause.Kind}".ToLowerInvariant()), ("NAME", pause => pause.Name), ("BY", pause => pause.PausedBy), ("SINCE", pause => Output.Time(pause.PausedAt))));

    public static Command Hold(string verb, string description, string path)
    {
        var kind = new Argument<PauseKind>("what") { Description = "queue, type or all." };
        var name = new Argument<string?>("name") { Description = "Of the queue or the type.", Arity = ArgumentArity.ZeroOrOne };
        return new Command(verb, description) { kind, name }.Does(async (parsed, host, output, cancel) =>
        {
            var request = new PauseRequest { Kind = parsed.GetValue(kind), Name = parsed.GetValue(name) };
            await host.Post<ListOf<JobPause>>($"jobs/pauses{path}", request, cancel);
            return output.One(request, (verb == "pause" ? "held back" : "resumed", request.Kind is PauseKind.All ? "all jobs" : $"{request.Kind} {request.Name}".ToLowerInvariant()));
        });
    }

    private static string Count(long number) => number.ToString("N0", System.Globalization.CultureInfo.InvariantCulture);
}
