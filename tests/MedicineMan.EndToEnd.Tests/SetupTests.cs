using Dapper;
using MedicineMan.EndToEnd.Tests.Fixtures;
using MedicineMan.Testbed;
using Microsoft.Data.Sqlite;
using Microsoft.Playwright;

namespace MedicineMan.EndToEnd.Tests;

/// From an empty directory to "proven", by what a person clicks and types in a real browser.
public sealed class SetupTests
{
    [SkippableFact]
    public async Task An_operator_comes_from_an_empty_directory_to_a_proven_backup()
    {
        using var folder = new TemporaryFolder("setup");
        await using var postgres = await PostgresServer.Start();
        await Shop(postgres);
        await using var host = await HostProcess.Start(folder["data"], Programs.FreePort());
        await using var browser = await Browser.Start(host.Url);
        var page = await browser.Visitor();
        var late = await browser.Visitor();
        await late.GotoAsync(host.SetupLink);

        await BecomeAdministrator(page, host);
        await IsTooLate(late, host);
        await KeepTheKit(page, folder["data"]);
        await LeaveAndResume(page);
        await AddThisMachine(page);
        await Scan(page, postgres);
        await Protect(page, await ServiceAt(folder["data"], postgres.Port));
        await Watch(page);

        var sideways = await Tour.Take(page);
        Assert.Equal([], browser.Offences);
        Assert.Equal([], sideways);
    }

    private static async Task BecomeAdministrator(IPage page, HostProcess host)
    {
        await page.GotoAsync(host.SetupLink);
        await Album.Snap(page, "setup-1-administrator");
        await page.FocusAsync("#Name");
        await Type(page, "Ada Lovelace", "Tab");
        await Type(page, "ada@example.org", "Tab");
        await Type(page, "a long enough password", "Enter");
        await page.Reaches("**/setup/recovery-kit");
    }

    private static async Task IsTooLate(IPage page, HostProcess host)
    {
        await page.FillAsync("#Name", "Eve");
        await page.FillAsync("#Email", "eve@example.org");
        await page.FillAsync("#Password", "another long password");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("main")).ToContainTextAsync("This token does not fit");
        await page.GotoAsync(host.SetupLink);
        Assert.Contains("/sign-in", page.Url, StringComparison.Ordinal);
        await page.Context.CloseAsync();
    }

    private static async Task KeepTheKit(IPage page, string data)
    {
        await Album.Snap(page, "setup-2-recovery-kit");
        var kit = await page.RunAndWaitForDownloadAsync(() => page.GetByText("Download the kit").ClickAsync());
        Assert.Contains((await File.ReadAllTextAsync(Path.Combine(data, "master.key"))).Trim(), await File.ReadAllTextAsync((await kit.PathAsync())!), StringComparison.Ordinal);
        await page.FocusAsync("input[name=stored]");
        await page.Keyboard.PressAsync("Space");
        await Click(page, "Continue");
        await page.Reaches("**/setup/server");
    }

    private static async Task LeaveAndResume(IPage page)
    {
        await page.GetByText("Leave setup").ClickAsync();
        await page.Reaches("**/");
        await Album.Snap(page, "setup-left");
        await Click(page, "Continue setup");
        await page.Reaches("**/setup/server");
    }

    private static async Task AddThisMachine(IPage page)
    {
        await Album.Snap(page, "setup-3-server");
        await page.FocusAsync("input[value=ssh]");
        await page.Keyboard.PressAsync("ArrowDown");
        Assert.True(await page.IsCheckedAsync("input[value=local]"));
        Assert.False(await page.IsVisibleAsync("#Form_Place"));
        await page.Keyboard.PressAsync("Enter");
        await Click(page, "Test connection");
        await Assertions.Expect(page.Locator("#test-steps")).ToContainTextAsync("Shell");
        await Assertions.Expect(page.Locator("#state")).ToContainTextAsync("Online", new() { IgnoreCase = true });
        await Album.Snap(page, "setup-3-tested");
        await Click(page, "Continue");
        await page.Reaches("**/setup/scan");
    }

    private static async Task Scan(IPage page, PostgresServer postgres)
    {
        await Click(page, "Scan now");
        await Assertions.Expect(page.Locator("#scan-found")).ToContainTextAsync(postgres.DataDirectory, new() { Timeout = 60_000 });
        await Album.Snap(page, "setup-4-scan");
        await Click(page, "Continue");
        await page.Reaches("**/setup/protect");
    }

    /// Other clusters may run on this machine; only ours is chosen.
    private static async Task Protect(IPage page, string service)
    {
        foreach (var box in await page.Locator("input[name=Chosen]").AllAsync())
        {
            await box.SetCheckedAsync(await box.GetAttributeAsync("value") == service);
        }

        await Album.Snap(page, "setup-5-protect");
        await Click(page, "Protect now");
        await page.Reaches("**/setup/watch");
    }

    private static async Task Watch(IPage page)
    {
        await Album.Snap(page, "setup-6-watch");
        await Assertions.Expect(page.Locator(".alert-success")).ToContainTextAsync("Proven", new() { Timeout = 120_000 });
        await Album.Snap(page, "setup-6-proven");
    }

    private static async Task<string> ServiceAt(string data, int port)
    {
        await using var database = new SqliteConnection($"Data Source={Path.Combine(data, "medicineman.db")};Mode=ReadOnly;Pooling=false");
        return await database.QuerySingleAsync<string>("select id from server_services where port = @port", new { port });
    }

    private static async Task Type(IPage page, string text, string then)
    {
        await page.Keyboard.TypeAsync(text);
        await page.Keyboard.PressAsync(then);
    }

    private static Task Click(IPage page, string name) => page.Locator("main").GetByText(name, new() { Exact = true }).Last.ClickAsync();

    private static async Task Shop(PostgresServer postgres)
    {
        await postgres.Execute("create database shop");
        await postgres.Execute(
            """
            create table customers (id bigint generated always as identity primary key, name text not null, joined timestamptz not null default now());
            insert into customers (name) select 'customer ' || n from generate_series(1, 5000) n;
            create table orders (id serial primary key, customer bigint not null references customers (id), total numeric(10,2) not null, placed date not null);
            insert into orders (customer, total, placed) select 1 + n % 5000, n * 0.37, date '2026-01-01' + n % 300 from generate_series(1, 40000) n;
            create table articles (id serial primary key, title text not null unique, details jsonb);
            insert into articles (title, details) select 'article ' || n, jsonb_build_object('weight', n) from generate_series(1, 1200) n;
            create index orders_by_customer on orders (customer);
            create view totals as select customer, sum(total) from orders group by customer;
            """,
            "shop");
    }
}
