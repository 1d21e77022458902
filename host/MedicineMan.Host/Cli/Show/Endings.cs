using MedicineMan.Host.Api;
using MedicineMan.Host.Cli.Wire;
using MedicineMan.Host.JobScreens;
using MedicineMan.Jobs;

namespace MedicineMan.Host.Cli.Show;

/// How a command ends: 0 done, 1 failed, 3 done in part; with the sentence that says why.
internal static class Endings
{
    public const int Incomplete = 3;

    public static int Of(Output output, JobAnswer job)
    {
        if (job.State is not JobState.Succeeded)
        {
            output.Remark(job.Error ?? $"{job.Title}: {job.State.Word()}.");
        }

        return job.State is JobState.Succeeded ? 0 : 1;
    }

    public static int Of(Output output, BackupAnswer backup)
    {
        if ((backup.Error ?? backup.ProveError) is { } why)
        {
            output.Remark(why);
        }

        return backup.State switch
        {
            "proven" or "stored" => 0,
            "not-proven" => Incomplete,
            _ => 1,
        };
    }

    /// For those who do not wait; and a word to those who asked where nobody works.
    public static int Queued(HostClient host, Output output, string job)
    {
        if (host.InProcess is { IsServed: false })
        {
            output.Remark("It waits until a server is started on this data directory. With --wait it is done at once.");
        }

        output.Remark($"To follow it: medicineman job log {job} --follow");
        return output.IsJson ? 0 : output.One(new { job }, ("job", job));
    }
}
