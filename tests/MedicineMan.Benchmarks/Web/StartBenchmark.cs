using MedicineMan.Testbed;

namespace MedicineMan.Benchmarks.Web;

/// <summary>From the start of the built program to its first "ready", with the schema checked and the plugins loaded, and what it holds in memory once idle.</summary>
internal static class StartBenchmark
{
    private const int Runs = 5;
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);

    public static async Task<int> Run()
    {
        using var folder = new TemporaryFolder("bench-start");
        await PreparedHost.Prepare(folder["data"], 100);
        List<double> seconds = [], memory = [];
        for (var run = 0; run < Runs; run++)
        {
            await using var host = await HostProgram.Start(folder["data"]);
            seconds.Add(host.SecondsToReady);
            await Task.Delay(Idle);
            memory.Add(host.ResidentMebibytes);
        }

        Figure.Print("start.ready", Median(seconds), null, "<=1.5", "s");
        Figure.Print("start.idle.memory", Median(memory), null, "<=150", "MiB");
        return 0;
    }

    private static double Median(List<double> figures) => figures.Order().ElementAt(figures.Count / 2);
}
