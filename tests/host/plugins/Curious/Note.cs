using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Events;
using MedicineMan.Sdk.Jobs;

namespace MedicineMan.TestPlugins.Curious;

/// Writes the same under the same key, so running it again is safe.
internal sealed class Note(IPluginStore store) : IJob<NoteArguments>
{
    public async Task RunAsync(NoteArguments arguments, IJobRun run, CancellationToken cancel)
    {
        if (arguments.Text == "in two attempts" && run.Checkpoint is null)
        {
            await run.SaveCheckpointAsync("half of it", cancel);
            throw new InvalidOperationException("I have to sit down");
        }

        if (arguments.Text == "in vain")
        {
            throw new UserFacingException("There is no way.") { Permanent = true };
        }

        await store.SetAsync($"note:{run.JobId}", Encoding.UTF8.GetBytes(run.Checkpoint ?? arguments.Text), cancel);
    }
}

internal sealed record NoteArguments(string Text);

/// Hears of servers; of one named "deaf" it hears nothing.
internal sealed class Ear(IPluginStore store) : IEventHandler
{
    public async Task HandleAsync(HostEvent happened, CancellationToken cancel)
    {
        var key = $"heard:{happened.Subject}";
        var before = await store.GetAsync(key, cancel) is { } said ? Encoding.UTF8.GetString(said.Span) : "";
        await store.SetAsync(key, Encoding.UTF8.GetBytes(before + $"{happened.Type} by {happened.Actor};"), cancel);
        if (happened.Subject == "deaf")
        {
            throw new InvalidOperationException("I did not hear that");
        }
    }
}

[JsonSerializable(typeof(NoteArguments))]
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
internal sealed partial class CuriousJson : JsonSerializerContext;
