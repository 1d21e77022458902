using System.CommandLine;
using MedicineMan.Repository;

namespace MedicineMan.Host.Cli.Repository;

internal static class CheckCommand
{
    private const int MostNamed = 10;

    public static Command Create(RepositoryAccess access)
    {
        var readData = new Option<bool>("--read-data") { Description = "Reads and verifies every byte; by default only the structure is looked at." };
        var command = new Command("check", "Looks for damage and names what it costs.") { readData };
        command.SetAction((parsed, cancel) => access.On(async (repository, answer, token) =>
        {
            var read = new LatestBytes();
            CheckReport report;
            await using (ProgressLine.Show(answer, "Checking", () => read.Bytes, null))
            {
                report = await repository.Check(new CheckOptions { ReadData = parsed.GetValue(readData) }, read, token);
            }

            foreach (var problem in answer.IsJson ? [] : report.Problems)
            {
                answer.Warn(problem.Message);
                foreach (var affected in problem.Affected.Take(MostNamed))
                {
                    answer.Warn($"  can't be restored: {affected}");
                }

                if (problem.Affected.Count > MostNamed)
                {
                    answer.Warn($"  and {problem.Affected.Count - MostNamed} more");
                }
            }

            answer.Say(
                $"Checked {report.Snapshots} snapshots and {report.Packs} packs, {Answer.Size(report.BytesRead)} read: "
                + (report.Passed ? "no damage." : $"{report.Problems.Count} damaged."),
                new
                {
                    passed = report.Passed, report.Snapshots, report.Packs, report.UnusedPacks, report.Blobs, report.BytesRead,
                    problems = report.Problems.Select(problem => new { problem.Message, pack = problem.Pack?.ToString(), problem.Affected }),
                });
            return report.Passed ? 0 : RepositoryAccess.Failed;
        })(parsed, cancel));
        return command;
    }

    private sealed class LatestBytes : IProgress<CheckProgress>
    {
        private long bytes;

        public long Bytes => Interlocked.Read(ref bytes);

        public void Report(CheckProgress value) => Interlocked.Exchange(ref bytes, value.Bytes);
    }
}
