using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Linq.Expressions;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MedicineMan.TestPlugins.Sticky;

/// <summary>Things a plugin does, by name.</summary>
internal sealed partial class Habits(IServiceProvider services, IPluginContext context, ILogger<Habits> logger)
{
    private static readonly AsyncLocal<Thing?> Local = new();
    private static HttpClient? client;
    private static Timer? timer;
    private static GCHandle handle;

    public async Task<string> Do(string what, HttpContext request)
    {
        var thing = new Thing { Name = "a thing", Kind = Kind.Large };
        switch (what)
        {
            case "nothing" or "start token" or "job token":
                return "";
            case "throw":
                throw new InvalidOperationException("as told");
            case "hang":
                await Task.Delay(Timeout.Infinite, CancellationToken.None);
                return "";
            case "json generated":
                return JsonSerializer.Serialize(JsonSerializer.Deserialize(JsonSerializer.Serialize(thing, ThingJson.Default.Thing), ThingJson.Default.Thing)!, ThingJson.Default.Thing);
            case "logger":
                Log.Did(logger, thing.Name);
                return "";
            case "options":
                return services.GetRequiredService<IOptions<Thing>>().Value.Name;
            case "activator":
                return ActivatorUtilities.CreateInstance<Thing>(services).Name;
            case "enum":
                return $"{Enum.Parse<Kind>("Large")} {Enum.GetNames<Kind>().Length}";
            case "expression":
                Expression<Func<Thing, string>> name = one => one.Name;
                return name.Compile()(thing);
            case "http client":
                client = new HttpClient();
                return client.Timeout.ToString();
            case "meter":
                new Meter("tests.sticky").CreateCounter<int>("calls").Add(1);
                return "";
            case "activity":
                return new ActivitySource("tests.sticky").StartActivity("call")?.Id ?? "";
            case "async local":
                Local.Value = thing;
                return "";
            case "host token":
                // What lives as long as the host is not in a plugin's own container: there is nothing to hang on to.
                services.GetService<IHostApplicationLifetime>()?.ApplicationStopping.Register(() => Local.Value = null);
                return "";
            case "own token":
                context.Unloading.Register(() => Local.Value = null);
                return "";
            case "request token":
                request.RequestAborted.Register(() => Local.Value = null);
                return "";
            case "connection token":
                request.Features.GetRequiredFeature<IConnectionLifetimeFeature>().ConnectionClosed.Register(() => Local.Value = null);
                return "";
            case "json by reflection":
                return JsonSerializer.Serialize(thing) + JsonSerializer.Serialize(thing, new JsonSerializerOptions { WriteIndented = true });
            case "configuration":
                return new ConfigurationBuilder().AddInMemoryCollection([new("Name", "bound"), new("Kind", "Large")]).Build().Get<Thing>()!.Name;
            case "type descriptor":
                return (string)TypeDescriptor.GetConverter(typeof(Kind)).ConvertToInvariantString(Kind.Large)!;
            case "newtonsoft":
                return Newtonsoft.Json.JsonConvert.SerializeObject(Newtonsoft.Json.JsonConvert.DeserializeObject<Thing>("""{"Name":"a thing","Kind":1}"""));
            case "validator":
                return Validator.TryValidateObject(thing, new ValidationContext(thing), [], true).ToString();
            case "dynamic":
                dynamic any = thing;
                return any.Name;
            case "timer":
                timer = new Timer(_ => thing.Name += "!", null, 10, 10);
                return timer.ToString()!;
            case "thread":
                new Thread(() =>
                {
                    while (true)
                    {
                        Thread.Sleep(50);
                    }
                }) { IsBackground = true }.Start();
                return "";
            case "background task":
                _ = Task.Run(async () =>
                {
                    while (thing.Name.Length > 0)
                    {
                        await Task.Delay(50);
                    }
                });
                return "";
            case "cancel key press":
                Console.CancelKeyPress += (_, _) => thing.Name = "";
                return "";
            case "process exit":
                AppDomain.CurrentDomain.ProcessExit += (_, _) => thing.Name = "";
                return "";
            case "handle":
                handle = GCHandle.Alloc(thing);
                return handle.IsAllocated.ToString();
            default:
                throw new UserFacingException($"There is no habit \"{what}\".");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Did {What}")]
        public static partial void Did(ILogger logger, string what);
    }
}

[JsonSerializable(typeof(Thing))]
internal sealed partial class ThingJson : JsonSerializerContext;
