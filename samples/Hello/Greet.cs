using System.Text.Json.Serialization;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Jobs;

namespace MedicineMan.Samples.Hello;

/// Greets somebody in the job's log. Idempotent: a second run says the same again.
internal sealed class Greet(Greetings greetings) : IJob<GreetArguments>
{
    public Task RunAsync(GreetArguments arguments, IJobRun run, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(arguments.Name))
        {
            throw new UserFacingException("There is nobody to greet. Start the job again with a name.") { Permanent = true };
        }

        run.Log(greetings.Greet(arguments.Name));
        run.Progress.Report(new JobProgress("greet", 1, 1, "greetings"));
        return Task.CompletedTask;
    }
}

internal sealed record GreetArguments(string Name);

[JsonSerializable(typeof(GreetArguments))]
[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
internal sealed partial class HelloJson : JsonSerializerContext;
