using MedicineMan.Host.Shell;
using MedicineMan.Jobs.Monitoring;
using MedicineMan.Jobs;
using System.Globalization;
using System.Text;

namespace MedicineMan.Host.JobScreens;

/// What a process that only works shows: whether it lives, whether it can work, and figures by which somebody decides how many of it there should be.
internal static class WorkerSurface
{
    public static void MapWorker(this WebApplication app)
    {
        app.MapGet("/healthz", static () => Results.Text("ok")).AllowAnonymous();
        app.MapGet("/readyz", Readiness.Check).AllowAnonymous();
        app.MapGet("/metrics", Metrics).AllowAnonymous();
        app.MapFallback(static () => Results.NotFound()).AllowAnonymous();
    }

    /// In Prometheus' text format.
    private static async Task<IResult> Metrics(JobMonitor jobs, JobWorker worker, CancellationToken cancel)
    {
        var text = new StringBuilder();
        Gauge("medicineman_worker_running", "Jobs that this worker runs.", [("", worker.Running)]);
        Gauge("medicineman_worker_reserved", "Jobs that it holds ready to start.", [("", worker.Reserved)]);
        Gauge("medicineman_worker_ended", "Attempts that have ended in it since its start.", [("", worker.Done)]);
        var backlog = await jobs.Backlog(cancel);
        Gauge("medicineman_jobs_ready", "Jobs that could run and wait for a worker, at most 100,000.", backlog.Select(queue => ($"{{queue=\"{queue.Queue}\"}}", (double)queue.Ready)));
        Gauge("medicineman_jobs_oldest_wait_seconds", "How long the oldest of them has waited.", backlog.Select(queue => ($"{{queue=\"{queue.Queue}\"}}", Math.Round(queue.OldestWait.TotalSeconds, 3))));
        return Results.Text(text.ToString(), "text/plain; version=0.0.4");

        void Gauge(string name, string help, IEnumerable<(string Labels, double Value)> values)
        {
            text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} gauge\n");
            foreach (var (labels, value) in values)
            {
                text.Append(CultureInfo.InvariantCulture, $"{name}{labels} {value}\n");
            }
        }
    }
}
