using System.Globalization;
using System.Text.Json;
using MedicineMan.Testbed;

namespace MedicineMan.Benchmarks.Jobs;

/// <summary>BullMQ on a Redis of its own, installed by its lock file; each measure is a Node process of its own on an empty Redis.</summary>
internal sealed class BullMqPeer : IAsyncDisposable
{
    private readonly TemporaryFolder folder;
    private readonly RedisServer redis;

    private BullMqPeer(TemporaryFolder folder, RedisServer redis)
    {
        (this.folder, this.redis) = (folder, redis);
    }

    public static async Task<BullMqPeer> Start()
    {
        var folder = new TemporaryFolder("bench-bullmq");
        foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "bullmq")))
        {
            File.Copy(file, folder[Path.GetFileName(file)]);
        }

        Programs.Run(Programs.Require("npm"), ["ci", "--prefix", folder.Path, "--loglevel=error", "--no-audit", "--no-fund"]);
        return new BullMqPeer(folder, await RedisServer.Start());
    }

    /// <summary>Jobs a second at <c>process</c>, <c>enqueue</c>, <c>bulk</c> or <c>burst</c>.</summary>
    public double PerSecond(string what, int count, int callers) => Measure(what, count, callers).GetProperty("perSecond").GetDouble();

    /// <summary>Milliseconds from enqueue to start on an idle queue, one for each job.</summary>
    public IReadOnlyList<double> PickUp(int count) =>
        [.. Measure("latency", count, 1).GetProperty("milliseconds").EnumerateArray().Select(time => time.GetDouble())];

    public async ValueTask DisposeAsync()
    {
        await redis.DisposeAsync();
        folder.Dispose();
    }

    private JsonElement Measure(string what, int count, int callers)
    {
        string[] numbers = [.. new[] { count, callers }.Select(number => number.ToString(CultureInfo.InvariantCulture))];
        var output = Programs.Run(Programs.Require("node"), [folder["peer.js"], redis.Port.ToString(CultureInfo.InvariantCulture), what, .. numbers]);
        return JsonSerializer.Deserialize<JsonElement>(output);
    }
}
