using System.CommandLine;
using MedicineMan.Host.Cli.Repository.Looking;
using MedicineMan.Repository;
using MedicineMan.Repository.Sources;

namespace MedicineMan.Host.Cli.Repository.Backup;

internal static class BackupCommand
{
    public static Command Create(RepositoryAccess access)
    {
        var tags = new Option<string[]>("--tag") { Description = "Labels, separated by commas; may be given several times." };
        var host = new Option<string>("--host", "-H") { Description = "Name of the machine.", DefaultValueFactory = _ => Environment.MachineName };
        var time = new Option<string?>("--time") { Description = "When the data was as it is now, for instance 2026-05-01 14:30. Default now." };
        var noPatches = new Option<bool>("--no-patches") { Description = "Stores a stream as plain blocks, also where a patch to the last snapshot's would be far smaller." };
        var dryRun = new Option<bool>("--dry-run", "-n") { Description = "Reads everything and says what would be new, and writes nothing." };
        var skip = new Option<bool>("--skip-if-unchanged") { Description = "Writes no snapshot when it would hold exactly what its parent does." };
        var verbose = new Option<bool>("--verbose", "-v") { Description = "Names each file and what became of it." };
        var noScan = new Option<bool>("--no-scan") { Description = "Does not count beforehand, so the time left is not known." };
        var command = new Command("backup", "Stores files, folders, standard input or what a program puts out as a new snapshot.") { tags, host, time, noPatches, dryRun, skip, verbose, noScan };
        var (files, stream, parent) = (new SourceChoice(), new StreamChoice(), new ParentChoice());
        files.AddTo(command);
        stream.AddTo(command);
        parent.AddTo(command);
        command.SetAction((parsed, cancel) => access.On(async (repository, own, token) =>
        {
            var answer = own.Shared();
            var isStream = stream.IsChosen(parsed, files, access);
            var sources = isStream ? null : await files.Find(parsed, answer, token);
            var (rules, excludes) = await files.Rules(parsed, answer, token);
            rules = parent.Apply(parsed, parsed.GetValue(verbose) ? rules with { Each = item => BackupReport.Say(answer, item) } : rules);
            var options = await parent.Apply(
                parsed,
                repository,
                new SnapshotOptions
                {
                    Host = parsed.GetRequiredValue(host), UserName = Environment.UserName, Tags = [.. (parsed.GetValue(tags) ?? []).SelectMany(list => list.Split(','))],
                    Time = FindCommand.Time(parsed.GetValue(time)), Paths = sources?.Present ?? ["/" + string.Join('/', stream.Place(parsed))], Patches = !parsed.GetValue(noPatches),
                    Sources = rules, Excludes = excludes, DryRun = parsed.GetValue(dryRun), SkipIfUnchanged = parsed.GetValue(skip),
                },
                token);

            await using var session = await repository.BeginSnapshot(options, token);
            await using (Progress(answer, session, parsed.GetValue(noScan) ? null : sources, parsed.GetValue(verbose)))
            {
                await (sources is null ? stream.Take(parsed, files, session, answer, token) : session.AddSources(sources.Present, token));
            }

            return BackupReport.Say(answer, await session.Commit(token), sources?.Missing ?? [], options.DryRun);
        })(parsed, cancel));
        return command;
    }

    private static IAsyncDisposable Progress(Answer answer, SnapshotSession session, SourcePaths? sources, bool isVerbose)
    {
        Func<CancellationToken, Task<SourceSize>>? measure = sources is null ? null : cancel => session.Measure(sources.Present, cancel);
        return answer.IsJson
            ? StatusLines.Show(answer, session, measure)
            : ProgressLine.Show(answer, "Backing up", () => session.Statistics.BytesRead, measure is null ? null : async cancel => (await measure(cancel)).Bytes, isVerbose);
    }
}
