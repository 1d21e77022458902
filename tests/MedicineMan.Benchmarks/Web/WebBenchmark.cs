using MedicineMan.Testbed;

namespace MedicineMan.Benchmarks.Web;

/// <summary>The server list as a signed-in person sees it: the first fifty of 20,000 servers on SQLite, the whole page, beside a bare endpoint with the same bytes.</summary>
internal static class WebBenchmark
{
    private const int Servers = 20_000;
    private const int Runs = 3;
    private const int Seconds = 10;

    public static async Task<int> Run()
    {
        using var folder = new TemporaryFolder("bench-web");
        await PreparedHost.Prepare(folder["data"], Servers);
        await using var host = await HostProgram.Start(folder["data"]);
        var (address, cookie) = (new Uri(host.Url, "/servers"), await PreparedHost.SignIn(host.Url));
        var page = await Page(address, cookie);
        await File.WriteAllBytesAsync(folder["page.html"], page);
        var (bare, bareUrl) = await BarePage.Start(folder["page.html"]);
        try
        {
            // The runtime compiles hot code anew while it runs; what a host does all day is the state after that.
            Wrk.Run(address, cookie, Seconds);
            Wrk.Run(bareUrl, cookie, 3);
            List<Load> ours = [], peers = [];
            var (cpu, pages) = (0.0, 0.0);
            for (var run = 0; run < Runs; run++)
            {
                var before = host.CpuSeconds;
                ours.Add(Wrk.Run(address, cookie, Seconds));
                (cpu, pages) = (cpu + host.CpuSeconds - before, pages + (ours[^1].PagesPerSecond * Seconds));
                peers.Add(Wrk.Run(bareUrl, cookie, Seconds));
            }

            Figure.Print("web.servers.page", page.Length / 1024.0, null, "<=64", "KiB");
            Figure.Print("web.servers.cpu", 1000 * cpu / pages, null, "<=1.0", "ms");
            Figure.Print("web.servers.bare", Median(ours, load => load.PagesPerSecond), Median(peers, load => load.PagesPerSecond), ">=0.05", "/s");
            Figure.Print("web.servers.speed", Median(ours, load => load.PagesPerSecond), null, ">=1500", "/s");
            Figure.Print("web.servers.p99", Median(ours, load => load.P99Milliseconds), null, "<=50", "ms");
            return 0;
        }
        finally
        {
            bare.Kill();
            await bare.WaitForExitAsync();
            bare.Dispose();
        }
    }

    private static async Task<byte[]> Page(Uri address, string cookie)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Add("Cookie", cookie);
        var page = await client.GetByteArrayAsync(address);
        return page.AsSpan().IndexOf("server-00049"u8) > 0 ? page : throw new InvalidOperationException("The page does not show fifty servers.");
    }

    private static double Median(List<Load> loads, Func<Load, double> figure) => loads.Select(figure).Order().ElementAt(loads.Count / 2);
}
