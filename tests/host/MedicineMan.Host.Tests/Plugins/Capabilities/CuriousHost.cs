using System.Text.Json.Nodes;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Host.Secrets;
using MedicineMan.Host.Servers;
using MedicineMan.Host.Tests.Data;
using MedicineMan.Testbed;
using Microsoft.Extensions.Options;

namespace MedicineMan.Host.Tests.Plugins.Capabilities;

/// The real host with the plugin Curious in it, whose routes call what the host lends as a test tells them to.
internal sealed class CuriousHost : IAsyncDisposable
{
    public const string Id = "tests.curious";

    private readonly TemporaryFolder folder = new("curious");
    private readonly TestDatabase? database;
    private int versions;

    private CuriousHost(TestHost host, TestBrowser owner, TestDatabase? database) => (Host, Owner, this.database) = (host, owner, database);

    public TestHost Host { get; }

    public TestBrowser Owner { get; }

    /// The id of this machine as a server.
    public string Machine { get; private set; } = "";

    public PluginStatus Status => Host.Get<PluginCatalogue>().Find(Id)!;

    public LoadedPlugin Plugin => Host.Get<PluginCatalogue>().Active.Single(plugin => plugin.Manifest.Id == Id);

    /// <param name="postgres">Whether the host keeps its data in PostgreSQL.</param>
    /// <param name="change">Changes the manifest before the plugin is loaded.</param>
    public static async Task<CuriousHost> Start(bool postgres = false, Action<JsonObject>? change = null)
    {
        var database = postgres ? await TestDatabase.Postgres() : null;
        var host = await TestHost.Start(database?.ConnectionString);
        // Generous: a route of a test does hundreds of things at once, on a machine that does others beside it.
        host.Get<IOptions<PluginOptions>>().Value.RouteTimeLimit = TimeSpan.FromMinutes(3);
        var curious = new CuriousHost(host, await host.Owner(), database);
        curious.Machine = await curious.Add("this machine", ServerKind.Local, "lab");
        await curious.Load(change);
        return curious;
    }

    public Task<string> Add(string name, string kind = ServerKind.Ssh, params string[] tags) => Host.Get<ServerStore>().Add(
        OrganizationId.Default, new ServerDraft { Name = name, Kind = kind, Address = "host.example", UserName = "root", Tags = tags }, Actor.System, CancellationToken.None);

    /// Loads a further version, in place of the one in use.
    public async Task Load(Action<JsonObject>? change = null)
    {
        var number = ++versions;
        var copy = PluginFolders.Copy(PluginFolders.Curious, folder[$"v{number}"], manifest =>
        {
            manifest["version"] = $"1.0.{number}";
            change?.Invoke(manifest);
        });
        await Host.Get<PluginLifecycle>().Load(copy, CancellationToken.None);
    }

    /// What a route answered: its text, or the sentence of a refusal after "!".
    public async Task<string> Ask(string route, params (string Name, object Value)[] query)
    {
        var address = $"/plugins/{Id}/{route}?" + string.Join('&', query.Select(one => $"{one.Name}={Uri.EscapeDataString($"{one.Value}")}"));
        var answer = await Owner.Get(address);
        return answer.Raw.IsSuccessStatusCode ? answer.Body : $"!{JsonNode.Parse(answer.Body)!["title"]}";
    }

    /// The refusals in the audit trail, as "capability: reason".
    public async Task<IReadOnlyList<string>> Refusals() =>
        [.. from row in (await Audit()).Items
            where row.Action == "plugin.refused" && row.ActorId == Id && row.ActorKind == "plugin"
            let detail = JsonNode.Parse(row.Detail!)!
            select $"{detail["capability"]}: {detail["reason"]}"];

    /// Stores a secret as some part of the host would.
    public async Task<string> Secret(string kind, string value) => (await Host.Get<Database>().Write(
        transaction => Host.Get<SecretVault>().Put(transaction, OrganizationId.Default, kind, kind, value, Actor.System, CancellationToken.None), CancellationToken.None)).Id;

    public Task<Page<AuditRow>> Audit() => Host.Get<AuditLog>().Page(OrganizationId.Default, null, 200, CancellationToken.None);

    public static Action<JsonObject> Without(string capability) =>
        manifest => manifest["capabilities"]!.AsArray().Remove(Capability(manifest, capability));

    public static Action<JsonObject> Scoped(string capability, params string[] scope) =>
        manifest => Capability(manifest, capability)["scope"] = new JsonArray([.. scope.Select(one => JsonValue.Create(one))]);

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        if (database is not null)
        {
            await database.DisposeAsync();
        }

        folder.Dispose();
    }

    private static JsonNode Capability(JsonObject manifest, string name) => manifest["capabilities"]!.AsArray().Single(one => (string?)one!["name"] == name)!;
}
