using System.Security.Claims;
using System.Text.Encodings.Web;
using System.Text.Json.Nodes;
using MedicineMan.Host.Plugins;
using MedicineMan.Testbed;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MedicineMan.Host.Tests.Plugins;

/// A web host on a loopback port with the plugin room alone, and a registry of the folders it is given.
internal sealed class PluginTestHost : IAsyncDisposable
{
    private readonly TemporaryFolder folder;
    private readonly WebApplication app;

    private PluginTestHost(TemporaryFolder folder, WebApplication app)
    {
        (this.folder, this.app) = (folder, app);
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        Client.DefaultRequestHeaders.Add("X-Role", "admin");
    }

    public HttpClient Client { get; }

    public PluginCatalogue Catalogue => Of<PluginCatalogue>();

    public PluginLifecycle Lifecycle => Of<PluginLifecycle>();

    public T Of<T>()
        where T : notnull => app.Services.GetRequiredService<T>();

    /// A folder of the test's own, for plugins to be made in.
    public string Place(string name) => folder[name];

    /// Starts a host whose registry lists the plugins in the given folders under their manifests' ids, or under the folders' names.
    public static async Task<PluginTestHost> Start(string[] folders, Action<PluginOptions>? change = null, string? registry = null)
    {
        var folder = new TemporaryFolder("plugins");
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddAuthentication("test").AddScheme<AuthenticationSchemeOptions, RoleHeader>("test", _ => { });
        builder.Services.AddAuthorizationBuilder()
            .AddPolicy("viewer", policy => policy.RequireRole("viewer", "operator", "admin"))
            .AddPolicy("operator", policy => policy.RequireRole("operator", "admin"))
            .AddPolicy("admin", policy => policy.RequireRole("admin"));
        builder.Services.AddAntiforgery();
        builder.Services.AddPlugins(builder.Configuration);
        builder.Services.Configure<PluginOptions>(options =>
        {
            options.Folder = folder.Path;
            options.RegistryFile = folder["registry.json"];
            // Generous: a busy machine compiles the engine slowly, and what must be cut is cut by its own limits.
            options.FragmentTimeLimit = TimeSpan.FromSeconds(20);
            options.ShutdownDrainTimeLimit = TimeSpan.FromMilliseconds(100);
            change?.Invoke(options);
        });
        await File.WriteAllTextAsync(folder["registry.json"], registry ?? Registry(folder, folders));
        var app = builder.Build();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapPlugins();
        await app.StartAsync();
        return new PluginTestHost(folder, app);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        folder.Dispose();
    }

    private static string Registry(TemporaryFolder folder, string[] folders)
    {
        var plugins = new JsonArray();
        for (var at = 0; at < folders.Length; at++)
        {
            var name = $"p{at}";
            Directory.CreateSymbolicLink(folder[name], folders[at]);
            plugins.Add(new JsonObject
            {
                ["id"] = ManifestField(folders[at], "id") ?? $"broken.{name}",
                ["name"] = ManifestField(folders[at], "name") ?? name,
                ["source"] = "bundled",
                ["folder"] = name,
                ["versions"] = new JsonArray(new JsonObject { ["version"] = ManifestField(folders[at], "version") ?? "1.0.0", ["sdk"] = ">=1.0 <2.0" }),
            });
        }

        return new JsonObject
        {
            ["registry"] = 1, ["name"] = "Tests", ["updated"] = "2026-01-01T00:00:00Z", ["serial"] = 1, ["publishers"] = new JsonArray(), ["plugins"] = plugins,
        }.ToJsonString();
    }

    private static string? ManifestField(string folder, string field)
    {
        try
        {
            return (string?)JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "plugin.json")))?[field];
        }
        catch (Exception broken) when (broken is IOException or System.Text.Json.JsonException)
        {
            return null;
        }
    }

    private sealed class RoleHeader(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
            Request.Headers["X-Role"].ToString() is { Length: > 0 } role
                ? AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Role, role)], "test")), "test"))
                : AuthenticateResult.NoResult());
    }
}
