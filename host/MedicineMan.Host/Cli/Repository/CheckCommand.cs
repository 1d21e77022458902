using System.CommandLine;
using System.Text.Json;
using MedicineMan.Repository;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli.Repository;

internal static class CheckCommand
{
    private const int MostNamed = 10;

    public static Command Create(RepositoryAccess access)
    {
        var readData = new Option<bool>("--read-data") { Description = "Reads and verifies every byte; by default only the structure is looked at." };
        var share = new Option<string?>("--read-data-subset") { Description = "Reads only one part of so many equal ones, for instance 3/30: a part a day reads all in a month." };
        var command = new Command("check", "Looks for damage and names what it costs.") { readData, share };
        command.SetAction((parsed, cancel) => access.On(async (repository, answer, token) =>
        {
            var read = new Latest();
            CheckReport report;
            await using (ProgressLine.Show(answer, "Checking", () => read.Bytes, _ => read.Total))
            {
                report = await repository.Check(Options(parsed.GetValue(readData), parsed.GetValue(share)), read, token);
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

            foreach (var remark in answer.IsJson ? [] : report.Remarks)
            {
                answer.Warn(remark.Message);
            }

            answer.Say(
                $"Checked {report.Snapshots} snapshots and {report.Packs} packs, {Answer.Size(report.BytesRead)} read: "
                + (report.Passed ? "no damage." : $"{report.Problems.Count} damaged."),
                new
                {
                    passed = report.Passed, report.Snapshots, report.Packs, report.UnusedPacks, report.Blobs, report.BytesRead,
                    counts = report.Counts.ToDictionary(count => JsonNamingPolicy.CamelCase.ConvertName(count.Key.ToString()), count => count.Value),
                    problems = report.Problems.Select(Document), remarks = report.Remarks.Select(Document),
                });
            return report.Passed ? 0 : RepositoryAccess.Failed;
        })(parsed, cancel));
        return command;
    }

    private static CheckOptions Options(bool readData, string? share)
    {
        if (share is null)
        {
            return new CheckOptions { ReadData = readData };
        }

        return share.Split('/') is [var part, var of] && int.TryParse(part, out var n) && int.TryParse(of, out var total) && n >= 1 && n <= total
            ? new CheckOptions { ReadData = true, Share = (n, total) }
            : throw new UserFacingException($"{share} is no part: write for instance 3/30.");
    }

    private static object Document(CheckProblem problem) =>
        new { kind = JsonNamingPolicy.CamelCase.ConvertName(problem.Kind.ToString()), problem.Message, pack = problem.Pack?.ToString(), problem.Affected };

    private sealed class Latest : IProgress<CheckProgress>
    {
        private readonly TaskCompletionSource<long> total = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long bytes;

        public long Bytes => Interlocked.Read(ref bytes);

        public Task<long> Total => total.Task;

        public void Report(CheckProgress value)
        {
            Interlocked.Exchange(ref bytes, value.Bytes);
            total.TrySetResult(value.TotalBytes);
        }
    }
}
