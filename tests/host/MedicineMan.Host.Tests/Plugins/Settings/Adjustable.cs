using System.Text.Json.Nodes;
using Dapper;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Plugins.Settings;
using MedicineMan.Host.Secrets;
using MedicineMan.Host.Tests.Data;
using MedicineMan.Sdk.Secrets;
using MedicineMan.Testbed;
using Microsoft.Extensions.Options;

namespace MedicineMan.Host.Tests.Plugins.Settings;

/// The whole host with the test plugin in use, on either database.
internal sealed class Adjustable : IAsyncDisposable
{
    public const string Id = "tests.adjustable";
    public const string Page = "/settings/plugins/tests.adjustable/settings";

    private readonly TemporaryFolder folder = new("adjustable");
    private TestDatabase? postgres;

    public TestHost Host { get; private set; } = null!;

    public TestBrowser Owner { get; private set; } = null!;

    /// What is valid, and no more than that.
    public static (string, string)[] Fields(params (string Name, string Value)[] more) =>
        [.. more.Concat([("name", "Ada"), ("password", "sesame")]).DistinctBy(field => field.Item1).Select(field => ($"Settings.{field.Item1}", field.Item2))];

    public static async Task<Adjustable> Start(string kind = "sqlite", Action<JsonObject>? change = null, bool load = true)
    {
        var made = new Adjustable();
        made.postgres = kind == "postgres" ? await TestDatabase.Postgres() : null;
        made.Host = await TestHost.Start(made.postgres?.ConnectionString);
        made.Owner = await made.Host.Owner();
        // Generous: a busy machine compiles the engine slowly.
        made.Host.Get<IOptions<PluginOptions>>().Value.FragmentTimeLimit = TimeSpan.FromSeconds(20);
        if (load)
        {
            await made.Load(change);
        }

        return made;
    }

    public Task<PluginStatus> Load(Action<JsonObject>? change = null, string[]? values = null, string? template = null)
    {
        var copy = PluginFolders.Copy(PluginFolders.Adjustable, folder[Guid.NewGuid().ToString("N")], change);
        if (values is not null)
        {
            File.WriteAllText(Path.Combine(copy, "values.json"), System.Text.Json.JsonSerializer.Serialize(values));
        }

        if (template is not null)
        {
            File.WriteAllText(Path.Combine(copy, "Templates", "everything.html"), template);
        }

        return Host.Get<PluginLifecycle>().Load(copy, CancellationToken.None);
    }

    /// What the plugin itself sees.
    public async Task<JsonNode> Current() => JsonNode.Parse((await Owner.Get($"/plugins/{Id}/current")).Body)!;

    public Task<SettingsRow?> Row() => Host.Get<PluginSettingsStore>().Find(Id, CancellationToken.None);

    public Task<string> Opened(string handle) => Host.Get<SecretVault>().Open(OrganizationId.Default, new SecretRef(handle), Actor.System, "test", CancellationToken.None);

    public async Task<string[]> Secrets()
    {
        await using var connection = await Host.Get<Database>().OpenRead(CancellationToken.None);
        return [.. await connection.QueryAsync<string>("select id from secrets where kind = 'plugin:tests.adjustable'")];
    }

    public async Task<string[]> Audited() =>
        [.. (await Host.Get<AuditLog>().Page(OrganizationId.Default, null, 100, CancellationToken.None)).Items.Select(entry => entry.Action)];

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        if (postgres is not null)
        {
            await postgres.DisposeAsync();
        }

        folder.Dispose();
    }
}
