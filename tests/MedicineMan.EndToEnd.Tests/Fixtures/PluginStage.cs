using System.Reflection;
using System.Text.Json;
using Dapper;
using MedicineMan.Host;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Servers;
using MedicineMan.Host.Setup;
using MedicineMan.Testbed;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace MedicineMan.EndToEnd.Tests.Fixtures;

/// The host in this process with the test plugin that has a fragment in every slot, and a browser signed in to it.
internal sealed class PluginStage : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new("stage");
    private WebApplication app = null!;

    public Browser Browser { get; private set; } = null!;

    public IPage Page { get; private set; } = null!;

    public string Server { get; private set; } = "";

    /// One of the host's own.
    public T Get<T>() where T : notnull => app.Services.GetRequiredService<T>();

    /// The address of each page that has a slot.
    public IReadOnlyList<string> Places => ["/", "/settings", $"/servers/{Server}", $"/servers/{Server}/tab/tests.adjustable/tab", "/backups/runs/run-1", "/plugins/tests.adjustable/page/page"];

    /// <param name="values">What the fragments draw.</param>
    public static async Task<PluginStage> Set(IReadOnlyList<string> values)
    {
        Programs.Require("chromium");
        var stage = new PluginStage();
        stage.app = await HostComposition.Start(new HostSettings { Data = stage.folder["data"], Urls = "http://127.0.0.1:0" }, CancellationToken.None);
        await stage.Furnish(values);
        stage.Browser = await Browser.Start(stage.app.Urls.First());
        stage.Page = await stage.Browser.Visitor();
        await stage.Page.GotoAsync("/sign-in");
        await stage.Page.FillAsync("#Email", "ada@example.org");
        await stage.Page.FillAsync("#Password", "a long enough password");
        await stage.Page.Keyboard.PressAsync("Enter");
        await stage.Page.Reaches("**/");
        return stage;
    }

    public async ValueTask DisposeAsync()
    {
        await Browser.DisposeAsync();
        await app.StopAsync();
        await app.DisposeAsync();
        folder.Dispose();
    }

    private async Task Furnish(IReadOnlyList<string> values)
    {
        var token = await app.Services.GetRequiredService<SetupToken>().Issue(CancellationToken.None);
        await using var scope = app.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<FirstAdministrator>().Create(token!, "Ada", "ada@example.org", "a long enough password", null, CancellationToken.None);
        Server = await app.Services.GetRequiredService<ServerStore>().Add(OrganizationId.Default, new ServerDraft { Name = "this machine", Kind = ServerKind.Local }, Actor.System, CancellationToken.None);
        await app.Services.GetRequiredService<Database>().Write(
            transaction => transaction.Connection!.ExecuteAsync(
                """
                insert into runs (id, organization_id, plan_id, server_id, repository_id, kind, items, dump_state, store_state, prove_state, snapshot_id, tools, created_at)
                values ('run-1', 'default', '', @Server, '', 'postgres', '["shop"]', 'done', 'done', 'skipped', 'abcdef0123456789', '{}', 0)
                """,
                new { Server }, transaction),
            CancellationToken.None);
        var plugin = folder["plugin"];
        Copy(new DirectoryInfo(Built("MedicineMan.TestPlugins.Adjustable")), plugin);
        await File.WriteAllTextAsync(Path.Combine(plugin, "values.json"), JsonSerializer.Serialize(values));
        await app.Services.GetRequiredService<PluginLifecycle>().Load(plugin, CancellationToken.None);
    }

    /// The folder a test plugin was built into.
    public static string Built(string plugin) => typeof(PluginStage).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == plugin).Value!;

    public static void Copy(DirectoryInfo from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in from.GetFiles())
        {
            file.CopyTo(Path.Combine(to, file.Name));
        }

        foreach (var inner in from.GetDirectories())
        {
            Copy(inner, Path.Combine(to, inner.Name));
        }
    }
}
