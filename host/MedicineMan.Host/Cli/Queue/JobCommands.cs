using System.CommandLine;
using MedicineMan.Host.Api;
using MedicineMan.Host.Cli.Show;
using MedicineMan.Host.Cli.Wire;
using MedicineMan.Host.JobScreens;

namespace MedicineMan.Host.Cli.Queue;

internal static class JobCommands
{
    private static readonly Argument<string> Id = new("job") { Description = "Id of the job." };

    public static Command Create()
    {
        var job = new Command("job", "Jobs: list, show, log, cancel, retry; the queue as a whole.")
        {
            List(), Show(), Group(), Log(), Act("cancel", "Cancels a job."), Act("retry", "Runs a dead or cancelled job again."), Act("run-again", "Does once more, as another job, what a job that succeeded has done."),
            QueueCommands.Dead(), QueueCommands.RetryDead(), QueueCommands.Stats(), QueueCommands.Workers(), QueueCommands.Pauses(),
            QueueCommands.Hold("pause", "Holds back a queue, a type or all jobs; what runs goes on.", ""), QueueCommands.Hold("resume", "Lets go what was held back.", "/resume"),
        };
        job.Aliases.Add("jobs");
        return job.ThroughTheDoor();
    }

    private static Command List()
    {
        var state = new Option<string?>("--state") { Description = string.Join(", ", JobView.States.Select(one => one.Word())) + "." };
        var type = new Option<string?>("--type") { Description = "Only of this type." };
        var server = new Option<string?>("--server") { Description = "Only on this server." };
        var person = new Option<string?>("--person") { Description = "Only those this person asked for." };
        var group = new Option<string?>("--group") { Description = "Only of this group." };
        var text = new Option<string?>("--text") { Description = "Only with this in the title or the error." };
        var since = new Option<string?>("--since") { Description = "Only from this day on, such as 2026-11-28, in UTC." };
        var until = new Option<string?>("--until") { Description = "Only up to this day." };
        var most = new Option<int>("--most") { Description = "At most so many, newest first.", DefaultValueFactory = _ => 50 };
        return new Command("list", "Lists jobs, newest first.") { state, type, server, person, group, text, since, until, most }.Does(async (parsed, host, output, cancel) =>
        {
            string? problem = null;
            var (first, end) = (Days.Start(parsed.GetValue(since), 0, ref problem), Days.Start(parsed.GetValue(until), 1, ref problem));
            if (problem is not null)
            {
                throw new Sdk.UserFacingException(problem);
            }

            var filters = new (string Name, string? Value)[]
            {
                ("state", parsed.GetValue(state)), ("type", parsed.GetValue(type)), ("server", parsed.GetValue(server) is { } name ? (await host.Server(name, cancel)).Id : null),
                ("person", parsed.GetValue(person)), ("group", parsed.GetValue(group)), ("text", parsed.GetValue(text)), ("since", first?.ToString("O")), ("until", end?.ToString("O")),
            };
            var query = string.Join('&', filters.Where(filter => filter.Value is not null).Select(filter => $"{filter.Name}={Uri.EscapeDataString(filter.Value!)}"));
            return await output.List(
                host.All<JobAnswer>("jobs" + (query.Length == 0 ? "" : "?" + query), cancel).Take(parsed.GetValue(most)),
                "No job.",
                ("WHEN", job => Output.Time(job.CreatedAt)), ("STATE", job => job.State.Word()), ("JOB", job => job.Title), ("BY", job => job.RequestedBy), ("PROBLEM", job => JobView.Sentence(job.Error)), ("ID", job => job.Id));
        });
    }

    private static Command Show() => new Command("show", "Shows one job.") { Id }.Does(async (parsed, host, output, cancel) =>
    {
        var job = await host.Get<JobAnswer>($"jobs/{Uri.EscapeDataString(parsed.GetValue(Id)!)}", cancel);
        return output.One(
            job,
            ("job", job.Id), ("title", job.Title), ("type", job.Type), ("state", job.State.Word()), ("problem", job.Error), ("asked for by", job.RequestedBy), ("queue", job.Queue), ("group", job.Group), ("waits", job.WaitsFor), ("deadline", Output.Exactly(job.Deadline)), ("asked for", Output.Exactly(job.CreatedAt)),
            ("started", Output.Exactly(job.StartedAt)), ("ended", Output.Exactly(job.EndedAt)), ("attempts", $"{job.Attempt} of at most {job.MaxAttempts}"),
            ("progress", job.Progress is { } at ? $"{at.Stage}: {JobView.Amount(at.Done, at.Unit)}{(at.Total is { } total ? $" of {JobView.Amount(total, at.Unit)}" : "")}" : null),
            ("arguments", job.Arguments?.ToJsonString()));
    });

    private static Command Group()
    {
        var id = new Argument<string>("group") { Description = "Id of the group, as \"job show\" has it." };
        return new Command("group", "Shows a group of jobs and how far it is.") { id }.Does(async (parsed, host, output, cancel) =>
        {
            var group = await host.Get<GroupAnswer>($"jobs/groups/{Uri.EscapeDataString(parsed.GetValue(id)!)}", cancel);
            return output.One(
                group,
                [
                    ("group", group.Id), ("title", group.Title), ("jobs", $"{group.Jobs}, of which {group.Open} have not ended"),
                    .. group.States.Select(state => (state.Key, (string?)$"{state.Value}")), ("followed by", group.NextJob), ("ended", Output.Exactly(group.EndedAt)),
                ]);
        });
    }

    private static Command Log()
    {
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until the job ends." };
        return new Command("log", "Prints what a job has said.") { Id, follow }.Does(async (parsed, host, output, cancel) =>
        {
            var id = Uri.EscapeDataString(parsed.GetValue(Id)!);
            await new JobWatch(host, output).Log(id, parsed.GetValue(follow), cancel);
            return parsed.GetValue(follow) ? Endings.Of(output, await host.Get<JobAnswer>($"jobs/{id}", cancel)) : 0;
        });
    }

    private static Command Act(string verb, string description)
    {
        var follow = new Option<bool>("--follow", "-f") { Description = "Wait until the job ends." };
        return new Command(verb, description) { Id, follow }.Does(async (parsed, host, output, cancel) =>
        {
            var job = await host.Start<JobAnswer>($"jobs/{Uri.EscapeDataString(parsed.GetValue(Id)!)}/{verb}", null, cancel);
            if (parsed.GetValue(follow))
            {
                job = await new JobWatch(host, output).Wait(job.Id, cancel);
            }

            output.One(job, ("job", job.Id), ("state", job.CancelRequested && job.EndedAt is null ? "stopping" : job.State.Word()));
            return parsed.GetValue(follow) && verb != "cancel" ? Endings.Of(output, job) : 0;
        });
    }
}
