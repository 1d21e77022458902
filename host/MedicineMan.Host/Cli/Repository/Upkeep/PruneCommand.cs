using System.CommandLine;
using MedicineMan.Repository;
using MedicineMan.Repository.Pruning;

namespace MedicineMan.Host.Cli.Repository.Upkeep;

internal static class PruneCommand
{
    public static Command Create(RepositoryAccess access)
    {
        var limits = new PruneLimits();
        var dryRun = new Option<bool>("--dry-run", "-n") { Description = "Says what would be done, and does nothing." };
        var unguarded = new Option<bool>("--without-guards") { Description = "Also when no snapshot is left, so that all data goes." };
        var command = new Command("prune", "Removes what no snapshot needs.") { dryRun, unguarded };
        limits.AddTo(command);
        command.SetAction((parsed, cancel) => access.On(async (repository, answer, token) =>
        {
            var options = limits.Options(parsed) with { DryRun = parsed.GetValue(dryRun), WithoutGuards = parsed.GetValue(unguarded), LockPatience = access.LockPatience(parsed) };
            await Run(repository, options, answer, token);
            return 0;
        })(parsed, cancel));
        return command;
    }

    public static async Task Run(BackupRepository repository, PruneOptions options, Answer answer, CancellationToken cancel)
    {
        PruneReport report;
        await using (var line = StepLine.Show(answer))
        {
            report = await repository.Upkeep.Prune(options, line, cancel);
        }

        answer.Say(
            $"""
            {(options.DryRun ? "Would remove" : "Removed")} {report.PacksRemoved} packs ({report.PacksUnreferenced} of them left by interrupted backups) and {(options.DryRun ? "write" : "wrote")} {report.PacksRepacked} anew, {Answer.Size(report.Repacked.Bytes)}; {report.PacksKept} stay as they are.
            Needed: {report.Used.Blobs} blocks, {Answer.Size(report.Used.Bytes)}. Not needed: {report.Unused.Blobs} blocks, {Answer.Size(report.Unused.Bytes)}, of which {Answer.Size(report.Kept.Bytes)} {(options.DryRun ? "would stay" : "stayed")} in packs that are in use.
            {(options.DryRun ? "Would free" : "Freed")} {Answer.Size(report.BytesFreed)}.
            """,
            new { options.DryRun, report });
    }
}

/// <summary>The options that bound a prune.</summary>
internal sealed class PruneLimits
{
    private readonly Option<string> maxUnused = new("--max-unused") { Description = "How much that nothing needs may stay: 5%, 2G or unlimited.", DefaultValueFactory = _ => "5%" };
    private readonly Option<string?> maxRepack = new("--max-repack-size") { Description = "Writes at most so much anew, for instance 10G." };
    private readonly Option<bool> uncompressed = new("--repack-uncompressed") { Description = "Compresses what old clients stored uncompressed." };
    private readonly Option<bool> small = new("--repack-small") { Description = "Joins small packs." };

    public void AddTo(Command command)
    {
        command.Options.Add(maxUnused);
        command.Options.Add(maxRepack);
        command.Options.Add(uncompressed);
        command.Options.Add(small);
    }

    public PruneOptions Options(ParseResult parsed) => new()
    {
        MaxUnused = UnusedLimit.Parse(parsed.GetRequiredValue(maxUnused)),
        MaxRepackBytes = parsed.GetValue(maxRepack) is { } most ? UnusedLimit.ParseSize(most) : long.MaxValue,
        RepackUncompressed = parsed.GetValue(uncompressed),
        RepackSmall = parsed.GetValue(small),
    };
}
