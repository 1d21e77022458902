using System.CommandLine;
using MedicineMan.Repository;
using MedicineMan.Repository.Chunking;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli.Repository;

internal static class BackupCommand
{
    public static Command Create(RepositoryAccess access)
    {
        var paths = new Argument<string[]>("path") { Description = "Files and folders.", Arity = ArgumentArity.ZeroOrMore };
        var stdin = new Option<bool>("--stdin") { Description = "Backs up standard input as one file." };
        var stdinName = new Option<string>("--stdin-filename") { Description = "Name of that file.", DefaultValueFactory = _ => "stdin" };
        var tags = new Option<string[]>("--tag") { Description = "A label; may be given several times." };
        var host = new Option<string>("--host") { Description = "Name of the machine.", DefaultValueFactory = _ => Environment.MachineName };
        var noPatches = new Option<bool>("--no-patches") { Description = "Stores standard input as plain blocks, also where a patch to the last snapshot's would be far smaller." };
        var command = new Command("backup", "Stores files, folders or standard input as a new snapshot.") { paths, stdin, stdinName, tags, host, noPatches };
        command.SetAction((parsed, cancel) => access.On(async (repository, answer, token) =>
        {
            var sources = (parsed.GetValue(paths) ?? []).Select(Path.GetFullPath).ToArray();
            var fromStdin = parsed.GetValue(stdin);
            if (fromStdin == (sources.Length > 0))
            {
                throw new UserFacingException("Name files or folders to back up, or give --stdin; not both.");
            }

            if (fromStdin && access.PasswordIsOnStandardInput(parsed))
            {
                throw new UserFacingException("Standard input can't be both the data and the password. Put the password into a file.");
            }

            var name = parsed.GetRequiredValue(stdinName).Trim('/');
            var options = new SnapshotOptions
            {
                Host = parsed.GetRequiredValue(host), UserName = Environment.UserName, Tags = parsed.GetValue(tags) ?? [],
                Paths = fromStdin ? ["/" + name] : sources, Patches = !parsed.GetValue(noPatches),
            };
            options = options with { Parent = await Parent(repository, options, token) };

            await using var session = await repository.BeginSnapshot(options, token);
            await using (ProgressLine.Show(answer, "Backing up", () => session.Statistics.BytesRead, fromStdin ? null : sources))
            {
                if (fromStdin)
                {
                    await session.AddStream(name.Split('/'), Console.OpenStandardInput(), ChunkProfile.Stream, token);
                }

                foreach (var source in sources)
                {
                    await session.AddDirectory(source, token);
                }
            }

            return Report(answer, await session.Commit(token));
        })(parsed, cancel));
        return command;
    }

    private static async Task<ObjectId?> Parent(BackupRepository repository, SnapshotOptions options, CancellationToken cancel)
    {
        ObjectId? latest = null;
        await foreach (var snapshot in repository.Snapshots(cancel))
        {
            latest = snapshot.Host == options.Host && snapshot.Paths.SequenceEqual(options.Paths) ? snapshot.Id : latest;
        }

        return latest;
    }

    private static int Report(Answer answer, CommittedSnapshot committed)
    {
        foreach (var skipped in committed.Skipped)
        {
            answer.Warn($"Left out: {skipped}");
        }

        var statistics = committed.Statistics;
        answer.Say(
            $"Snapshot {committed.Id.Prefix}: {statistics.Files} files, {Answer.Size(statistics.BytesRead)} read, {Answer.Size(statistics.BytesNew)} new, {Answer.Size(statistics.BytesStored)} stored."
            + (committed.Skipped.Count > 0 ? $" {committed.Skipped.Count} could not be read and are not in it." : ""),
            new { snapshot = committed.Id.ToString(), complete = committed.Skipped.Count == 0, statistics });
        return committed.Skipped.Count > 0 ? RepositoryAccess.Incomplete : 0;
    }
}
