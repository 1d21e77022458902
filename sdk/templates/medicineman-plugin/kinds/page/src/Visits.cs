using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Jobs;
using MedicineMan.Sdk.Ui;
using Microsoft.Extensions.DependencyInjection;

namespace Acme.Sample;

/// <summary>The visits, in the plugin's own store: a key for each.</summary>
public sealed class Visits(IPluginContext host)
{
    public async Task<long> CountAsync(CancellationToken cancel)
    {
        var count = 0L;
        await foreach (var _ in host.Store.KeysAsync("visit/", cancel))
        {
            count++;
        }

        return count;
    }

    public ValueTask AddAsync(string visitor, DateTimeOffset at, CancellationToken cancel) =>
        host.Store.SetAsync($"visit/{visitor}", Encoding.UTF8.GetBytes(at.ToString("O", CultureInfo.InvariantCulture)), cancel);
}

/// <summary>Notes a visit. A second run writes the same key again.</summary>
public sealed class Visit(Visits visits, TimeProvider clock) : IJob<VisitArguments>
{
    public async Task RunAsync(VisitArguments arguments, IJobRun run, CancellationToken cancel)
    {
        await visits.AddAsync(arguments.Visitor, clock.GetUtcNow(), cancel);
        run.Log($"{arguments.Visitor} was here.");
    }
}

public sealed record VisitArguments(string Visitor);

/// <summary>The data of the card; Templates/visits.html draws it, and the host escapes every value.</summary>
public static class VisitsCard
{
    public static async ValueTask<UiModel> Model(FragmentContext context, CancellationToken cancel) =>
        new() { ["count"] = await context.Services.GetRequiredService<Visits>().CountAsync(cancel) };
}

[JsonSerializable(typeof(VisitArguments))]
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
internal sealed partial class SampleJson : JsonSerializerContext;
