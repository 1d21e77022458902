using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;
using MedicineMan.Jobs;
using SdkProgress = MedicineMan.Sdk.Jobs.JobProgress;

namespace MedicineMan.Host.Scanning;

/// The job that scans a server. It only reads, and a second run replaces what the first found.
internal sealed class ScanServer(ServerScan scan) : IJobHandler
{
    public const string JobType = "scan-server";

    public string Type => JobType;

    public async Task Run(JobRun run, CancellationToken cancel)
    {
        var server = run.Arguments.GetProperty("server").GetString()!;
        await scan.Scan(new OrganizationId(run.Organization), server, Actor.Job(run.Id), new Shown(run), cancel);
    }

    private sealed class Shown(JobRun run) : IProgress<SdkProgress>
    {
        public void Report(SdkProgress value) => run.Progress(new JobProgress(value.Stage, value.Done, value.Total, value.Unit, value.Detail));
    }
}
