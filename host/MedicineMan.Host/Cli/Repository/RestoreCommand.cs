using System.CommandLine;
using MedicineMan.Repository;

namespace MedicineMan.Host.Cli.Repository;

internal static class RestoreCommand
{
    public static Command Create(RepositoryAccess access)
    {
        var snapshot = new Argument<string>("snapshot") { Description = "Id, the start of one, or latest." };
        var target = new Option<string>("--target", "-t") { Description = "Folder to restore into.", Required = true };
        var path = new Option<string>("--path") { Description = "File or folder of the snapshot; default all of it.", DefaultValueFactory = _ => "/" };
        var replace = new Option<bool>("--replace") { Description = "Replaces files that exist; by default they are left as they are." };
        var command = new Command("restore", "Restores a snapshot into a folder.") { snapshot, target, path, replace };
        command.SetAction((parsed, cancel) => access.On(async (repository, answer, token) =>
        {
            await using var tree = await repository.OpenSnapshot(parsed.GetRequiredValue(snapshot), token);
            var options = new RestoreOptions(LsCommand.Segments(parsed.GetRequiredValue(path)), parsed.GetRequiredValue(target)) { Replace = parsed.GetValue(replace) };
            var written = new Latest();
            RestoreReport report;
            await using (ProgressLine.Show(answer, "Restoring", () => written.Value, null))
            {
                report = await tree.Restore(options, written, token);
            }

            foreach (var problem in report.Problems)
            {
                answer.Warn(problem);
            }

            answer.Say(
                $"Restored {report.Files} files, {Answer.Size(report.Bytes)}, to {Answer.Printable(options.Target)}."
                + (report.Problems.Count > 0 ? $" {report.Problems.Count} could not be restored." : ""),
                new { report.Files, report.Bytes, report.Problems });
            return report.Problems.Count > 0 ? RepositoryAccess.Incomplete : 0;
        })(parsed, cancel));
        return command;
    }

    // Progress<T> would hand each report to the thread pool.
    private sealed class Latest : IProgress<long>
    {
        private long value;

        public long Value => Interlocked.Read(ref value);

        public void Report(long value) => Interlocked.Exchange(ref this.value, value);
    }
}
