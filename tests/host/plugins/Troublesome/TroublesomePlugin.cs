using System.Text.Json;
using System.Text.Json.Serialization;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Jobs;
using MedicineMan.Sdk.Storage;
using MedicineMan.Sdk.Ui;
using MedicineMan.TestPlugins.Troublesome;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

[assembly: MedicineManPlugin(typeof(TroublesomePlugin))]

namespace MedicineMan.TestPlugins.Troublesome;

/// <summary>Misbehaves as the file "mood" beside it says, and in its contributions always.</summary>
public sealed class TroublesomePlugin : IPlugin
{
    private static Timer? late;
    private readonly string mood = Mood();

    /// <inheritdoc />
    public void Configure(IPluginBuilder plugin)
    {
        ArgumentNullException.ThrowIfNull(plugin);
        switch (mood)
        {
            case "throws in Configure":
                throw new InvalidOperationException("no configuration today");
            case "hangs in Configure":
                new ManualResetEventSlim().Wait(TimeSpan.FromSeconds(20));
                break;
            case "registers a job it did not declare":
                plugin.Job<Fail, FailArguments>("undeclared", TroublesomeJson.Default.FailArguments);
                break;
            case "registers a route it did not declare":
                plugin.Routes(routes => routes.MapGet("/undeclared", () => "hidden"));
                break;
            case "overflows the stack in Configure":
                Overflow(0);
                break;
            case "needs a service nobody registered":
                plugin.Services.AddSingleton<Needy>();
                break;
        }

        plugin.Job<Fail, FailArguments>("fail", TroublesomeJson.Default.FailArguments);
        plugin.Job<Deaf, FailArguments>("deaf", TroublesomeJson.Default.FailArguments);
        plugin.Provide<Swamp>("swamp");
        plugin.Fragment("hostile", (context, _) => Hostile(context.ServerId ?? ""));
        plugin.Fragment("endless", (_, _) => Hostile("x"));
        plugin.Fragment("failing", (_, _) => throw new InvalidOperationException("no data today"));
        plugin.Fragment("hanging", async (_, _) =>
        {
            await Task.Delay(TimeSpan.FromSeconds(20), CancellationToken.None);
            return [];
        });
        plugin.Routes(routes =>
        {
            routes.MapGet("/throw", void () => throw new InvalidOperationException("no answer today"));
            routes.MapGet("/sentence", void () => throw new UserFacingException("The moon is full. Try again tomorrow."));
            routes.MapGet("/hang", () => Task.Delay(TimeSpan.FromSeconds(20), CancellationToken.None));
            routes.MapGet("/anonymous", () => "secret").AllowAnonymous();
            routes.MapGet("/stray", () =>
            {
                new Thread(() => throw new InvalidOperationException("nobody watches me")).Start();
                return "off it went";
            });
            routes.MapGet("/timer", () =>
            {
                // It throws where no caller is left: on the pool, from a timer. One that nobody holds may be collected before its time.
                late = new Timer(_ => throw new InvalidOperationException("late and alone"), null, 10, Timeout.Infinite);
                return "tick";
            });
            routes.MapPost("/act", () => "done").DisableAntiforgery();
        });
    }

    /// <inheritdoc />
    public ValueTask StartAsync(IPluginContext context, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(context);
        Log.Started(context.Logger, mood);
        return mood == "throws in StartAsync" ? throw new InvalidOperationException("no start today") : ValueTask.CompletedTask;
    }

    private static int Overflow(int depth) => Overflow(depth + 1) + depth;

    private static ValueTask<UiModel> Hostile(string value) => ValueTask.FromResult(new UiModel
    {
        ["value"] = value,
        ["items"] = UiValue.List([value, value]),
    });

    private static string Mood()
    {
#pragma warning disable IL3000 // A plugin lies in a folder; nothing is ever packed into a single file.
        var file = Path.Combine(Path.GetDirectoryName(typeof(TroublesomePlugin).Assembly.Location)!, "mood");
#pragma warning restore IL3000
        return File.Exists(file) ? File.ReadAllText(file) : "";
    }
}

internal static partial class Log
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Started in the mood \"{Mood}\"")]
    public static partial void Started(ILogger logger, string mood);
}

internal sealed class Needy(IServiceProvider services, Needy? self)
{
    public (IServiceProvider, Needy?) Needs => (services, self);
}

internal sealed class Fail : IJob<FailArguments>
{
    public Task RunAsync(FailArguments arguments, IJobRun run, CancellationToken cancel) => throw (arguments.RetryAfter is { } seconds
        ? new UserFacingException(arguments.Reason) { RetryAfter = TimeSpan.FromSeconds(seconds) } : (Exception)new InvalidOperationException(arguments.Reason));
}

/// Goes on for two minutes, whatever anybody says.
internal sealed class Deaf : IJob<FailArguments>
{
    public async Task RunAsync(FailArguments arguments, IJobRun run, CancellationToken cancel) => await Task.Delay(TimeSpan.FromMinutes(2), CancellationToken.None);
}

internal sealed record FailArguments(string Reason, double? RetryAfter = null);

internal sealed class Swamp : IStorageProvider
{
    public string DisplayName => "Swamp";

    public ValueTask<IStorageBackend> OpenAsync(JsonElement settings, CancellationToken cancel) => throw new InvalidOperationException("it sank");
}

[JsonSerializable(typeof(FailArguments))]
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
internal sealed partial class TroublesomeJson : JsonSerializerContext;
