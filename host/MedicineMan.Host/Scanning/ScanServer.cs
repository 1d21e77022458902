using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;
using MedicineMan.Jobs;

namespace MedicineMan.Host.Scanning;

/// The job that scans one server. It only reads, and a second run replaces what the first found, so running it again is safe.
internal sealed class ScanServer(ServerScan scan) : IJobHandler
{
    public const string JobType = "scan-server";

    public string Type => JobType;

    public Task Run(JobRun run, CancellationToken cancel) => scan.Scan(
        new OrganizationId(run.Organization), run.Arguments.GetProperty("server").GetString()!, Actor.Job(run.Id), new ToJob(run), cancel);

    private sealed class ToJob(JobRun run) : IProgress<Sdk.Jobs.JobProgress>
    {
        public void Report(Sdk.Jobs.JobProgress value) => run.Progress(new JobProgress(value.Stage, value.Done, value.Total, value.Unit, value.Detail));
    }
}
