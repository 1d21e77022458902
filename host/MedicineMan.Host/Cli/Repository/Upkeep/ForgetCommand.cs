using System.CommandLine;
using MedicineMan.Repository;
using MedicineMan.Repository.Retention;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli.Repository.Upkeep;

internal static class ForgetCommand
{
    public static Command Create(RepositoryAccess access)
    {
        var names = new Argument<string[]>("snapshot") { Description = "Snapshots to remove: ids, starts of ids or latest. Without any, the --keep rules decide.", Arity = ArgumentArity.ZeroOrMore };
        var proven = new Option<string[]>("--proven") { Description = "Id of a snapshot that was restored and compared: the newest of these stays. May be given several times." };
        var unguarded = new Option<bool>("--without-guards") { Description = "Also the newest, the newest proven, and what a burst or a wrong clock would push out." };
        var groupBy = new Option<string>("--group-by") { Description = "What makes a group: any of host, paths and tags, separated by commas; or nothing.", DefaultValueFactory = _ => "host,paths" };
        var dryRun = new Option<bool>("--dry-run", "-n") { Description = "Says what would be removed, and removes nothing." };
        var prune = new Option<bool>("--prune") { Description = "Removes the data as well when a snapshot was removed." };
        var command = new Command("forget", "Removes snapshots by rule or by name; prune then removes their data.") { names, proven, unguarded, groupBy, dryRun, prune };
        var (rule, choice, limits) = (new KeepOptions(command), new SnapshotChoice().AddTo(command), new PruneLimits());
        limits.AddTo(command);
        command.SetAction((parsed, cancel) => access.On(async (repository, answer, token) =>
        {
            var options = new ForgetOptions
            {
                Names = parsed.GetValue(names) ?? [],
                Rule = rule.Rule(parsed),
                Filter = choice.Filter(parsed),
                Grouping = Grouping(parsed.GetRequiredValue(groupBy)),
                Guards = parsed.GetValue(unguarded) ? RetentionGuards.None : new RetentionGuards { Proven = Ids(parsed.GetValue(proven)) },
                DryRun = parsed.GetValue(dryRun),
                LockPatience = access.LockPatience(parsed),
            };
            if (options.Names.Count == 0 && options.Rule.IsEmpty)
            {
                throw new UserFacingException("Nothing says what to remove. Name snapshots, or say what to keep, for instance --keep-daily 7.");
            }

            var pruning = limits.Options(parsed) with { WithoutGuards = parsed.GetValue(unguarded), LockPatience = options.LockPatience };
            var report = await repository.Upkeep.Forget(options, token);
            Say(answer, report, options.DryRun);
            if (parsed.GetValue(prune) && report.Removed > 0 && !options.DryRun)
            {
                await PruneCommand.Run(repository, pruning, answer, token);
            }

            return 0;
        })(parsed, cancel));
        return command;
    }

    private static void Say(Answer answer, ForgetReport report, bool dryRun)
    {
        foreach (var group in report.Groups)
        {
            var lines = group.Remove.Select(snapshot => $"  {(dryRun ? "would remove" : "removed")}  {SnapshotChoice.Line(snapshot)}")
                .Concat(group.Keep.Select(kept => $"  kept  {SnapshotChoice.Line(kept.Snapshot)}  ({Answer.Printable(string.Join("; ", kept.Reasons))})"));
            answer.Say(
                string.Join('\n', lines.Prepend(Answer.Printable($"{group.Group.Host} {string.Join(' ', group.Group.Paths)} {string.Join(',', group.Group.Tags)}".Trim() is { Length: > 0 } name ? name : "All snapshots"))),
                new
                {
                    dryRun, group.Group.Host, group.Group.Paths, group.Group.Tags,
                    keep = group.Keep.Select(kept => new { snapshot = SnapshotChoice.Document(kept.Snapshot), kept.Reasons }), remove = group.Remove.Select(SnapshotChoice.Document),
                });
        }
    }

    private static HashSet<ObjectId> Ids(string[]? texts) =>
        [.. (texts ?? []).Select(text => ObjectId.TryParse(text, out var id) ? id : throw new UserFacingException($"{text} is not a whole id: --proven needs all 64 digits."))];

    public static SnapshotGrouping Grouping(string text)
    {
        var parts = text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return parts.All(part => part is "host" or "paths" or "tags")
            ? new SnapshotGrouping(parts.Contains("host"), parts.Contains("paths"), parts.Contains("tags"))
            : throw new UserFacingException($"Snapshots can't be grouped by {text}: write any of host, paths and tags.");
    }
}
