using System.Text.Json.Serialization;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Jobs;

namespace MedicineMan.Samples.Chart;

/// Adds a point. A second run adds the same one under the same moment, which changes nothing of the picture.
internal sealed class Measure(IPluginContext host) : IJob<Measurement>
{
    public const string Series = "queue.wait.seconds";

    public async Task RunAsync(Measurement arguments, IJobRun run, CancellationToken cancel)
    {
        if (arguments.Seconds < 0)
        {
            throw new UserFacingException($"A wait of {arguments.Seconds} seconds cannot be. Give a number of 0 or more.") { Permanent = true };
        }

        await host.Series.AddAsync(Series, "", arguments.At, arguments.Seconds, cancel);
        run.Log($"Waited {arguments.Seconds} seconds.");
    }
}

internal sealed record Measurement(DateTimeOffset At, double Seconds);

[JsonSerializable(typeof(Measurement))]
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
internal sealed partial class ChartJson : JsonSerializerContext;
