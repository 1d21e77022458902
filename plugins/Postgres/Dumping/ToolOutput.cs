using System.IO.Pipelines;
using MedicineMan.Sdk.Commands;

namespace MedicineMan.Plugins.Postgres.Dumping;

/// What a client program prints, as a stream that ends only when the program has ended well.
internal static class ToolOutput
{
    public static async Task Write(Cluster cluster, CommandSpec command, string doing, PipeWriter to, Action<long>? passed, CancellationToken cancel)
    {
        await using var running = await cluster.Source.Server.StartAsync(command, cancel);
        await running.StandardInput.CompleteAsync();
        var exit = await Streams.Drain(running, to, null, passed, cancel);
        if (!exit.Ok)
        {
            throw PostgresFailure.From(exit, doing, cluster.Source);
        }
    }
}
