using System.Text.Json.Nodes;
using MedicineMan.EndToEnd.Tests.Fixtures;
using MedicineMan.Host.Plugins.Packages.Format;
using MedicineMan.Testbed;
using Microsoft.Playwright;

namespace MedicineMan.EndToEnd.Tests;

/// Every page of the program, empty and filled, by the rules of WCAG 2.2 AA, on a phone and on a desk, light and dark.
public sealed class AccessibilityTests
{
    [SkippableFact]
    public async Task Every_page_can_be_read_and_used_by_everybody()
    {
        Programs.Require("chromium");
        using var plugins = new TemporaryFolder("plugins");
        await using var clinic = await Clinic.Unclaimed(("Plugins__Dev__0", await Adjustable(plugins["adjustable"])), ("Plugins__AllowUnsigned", "true"));
        await using var ssh = await SshServer.Start();
        await using var browser = await Browser.Start(clinic.Host.Url);
        var eyes = new Inspection(await browser.Visitor());

        await BeforeAnybody(eyes, clinic);
        await SignIn(eyes, clinic);
        await Empty(eyes);
        var filled = await Fill(clinic, ssh);
        await Task.WhenAll(Lists(eyes), Things(await eyes.Beside(), filled));
        await Plugins(eyes, plugins["curious.mmp"], filled["/servers/{id}"][0]);
        await Refused(eyes);

        Assert.True(eyes.Problems.Count == 0, string.Join('\n', eyes.Problems));
        Assert.Equal([], eyes.Missed);
        // What was asked for in vain is said to have been.
        Assert.Equal("", string.Join('\n', browser.Offences.Where(offence => !offence.Contains("/error/", StringComparison.Ordinal) && !offence.Contains("/no-such-page", StringComparison.Ordinal))));
    }

    private static async Task BeforeAnybody(Inspection eyes, Clinic clinic)
    {
        await eyes.Visit("/setup", "setup");
        await eyes.Page.FillAsync("#Token", "not the token");
        await eyes.Page.FillAsync("#Name", "Eve");
        await eyes.Page.FillAsync("#Email", "eve@example.org");
        await eyes.Page.FillAsync("#Password", "another long password");
        await eyes.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(eyes.Page.Locator(".alert-danger")).ToBeVisibleAsync();
        await eyes.Look("setup-refused");
        await clinic.Claim();
    }

    private static async Task SignIn(Inspection eyes, Clinic clinic)
    {
        await eyes.Visit("/sign-in");
        foreach (var password in new[] { "a wrong password", Operator.Password })
        {
            await eyes.Page.FillAsync("#Email", Operator.Email);
            await eyes.Page.FillAsync("#Password", password);
            await eyes.Page.Keyboard.PressAsync("Enter");
            if (password != Operator.Password)
            {
                await Assertions.Expect(eyes.Page.Locator(".alert-danger")).ToBeVisibleAsync();
                await eyes.Look("sign-in-refused");
            }
        }

        await eyes.Page.Reaches(clinic.Host.Url + "/");
    }

    /// Nothing is there yet: every page has a sentence and a way on.
    private static async Task Empty(Inspection eyes)
    {
        foreach (var route in Routes.Plain.Where(IsList).Append("/backups/plans/new"))
        {
            await eyes.Visit(route, $"empty{(route == "/" ? "-home" : route.Replace('/', '-'))}");
        }
    }

    /// Forms and settings look the same with nothing there.
    private static bool IsList(string route) =>
        !route.StartsWith("/settings", StringComparison.Ordinal) && !route.EndsWith("/new", StringComparison.Ordinal) && !route.EndsWith("/add", StringComparison.Ordinal) && !route.StartsWith("/sign", StringComparison.Ordinal) && route != "/setup";

    /// One of everything: reached and not reached, proven and failed, restored and tried.
    private static async Task<Dictionary<string, string[]>> Fill(Clinic clinic, SshServer ssh)
    {
        var api = clinic.Operator;
        await clinic.Rows("shop", 1);
        var local = await clinic.ThisMachine();
        await api.Test(local);
        await clinic.JobEnded(Clinic.Id(await api.Post($"servers/{local}/scans")));
        var shelf = await clinic.Shelf("shelf");
        var run = await clinic.BackUp(await clinic.Plan(local, shelf, "shop"));
        await clinic.Proven(run);
        var broken = await clinic.BackUp(await clinic.Plan(local, shelf, "no such database"));
        var nightly = Clinic.Id(await api.Post("schedules", new { name = "nightly", action = "back-up", subject = Clinic.Text(run, "planId"), cron = "0 2 * * *", zone = "Europe/Berlin", jitterSeconds = 600, blackouts = "Mon-Fri 08:00-18:00" }));
        await clinic.Ended(Clinic.Text(await api.Post($"schedules/{nightly}/run"), "page").Split('/')[^1]);
        var changed = await Changed(clinic, ssh);
        var refused = await clinic.JobEnded(Clinic.Id(await api.Post($"servers/{changed}/scans")));
        var tried = await Restored(clinic, run, local, true);
        var restored = await Restored(clinic, run, local, false);
        return new()
        {
            ["/servers/{id}"] = [local, changed],
            ["/servers/{id}/edit"] = [local, changed],
            ["/backups/plans/{id}"] = [Clinic.Text(run, "planId"), Clinic.Text(broken, "planId")],
            ["/backups/plans/{id}/edit"] = [Clinic.Text(run, "planId")],
            ["/backups/runs/{id}"] = [Clinic.Id(run), Clinic.Id(broken)],
            ["/backups/runs/{id}/restore"] = [Clinic.Id(run)],
            ["/backups/restores/{id}"] = [tried, restored],
            ["/backups/repositories/{id}"] = [shelf.Id],
            ["/backups/repositories/{id}/{snapshot}"] = [$"{shelf.Id}/{Clinic.Text(run, "snapshotId")}"],
            ["/settings/plugins/{id}"] = ["medicineman.postgres", "tests.adjustable"],
            ["/settings/plugins/{id}/settings"] = ["tests.adjustable"],
            ["/help/{name}"] = ["authors", "capabilities", "restore-without", "plugins"],
            ["/jobs/schedules/{id}"] = [nightly],
            ["/jobs/schedules/{id}/edit"] = [nightly],
            ["/jobs/{id}"] = [Clinic.Text(run, "dumpJobId"), Clinic.Text(broken, "dumpJobId"), Clinic.Id(refused)],
        };
    }

    /// A server that shows another key than the one that was confirmed.
    private static async Task<string> Changed(Clinic clinic, SshServer ssh)
    {
        var api = clinic.Operator;
        var server = Clinic.Id(await api.Post("servers", new { name = "another key", address = "127.0.0.1", port = ssh.Port, userName = SshServer.KeyUser, privateKey = ssh.PrivateKey, tags = new[] { "web", "production" } }));
        var asked = (await api.Test(server))[^1];
        await api.Put($"servers/{server}/host-key", new { fingerprint = ssh.Fingerprint });
        await ssh.ChangeHostKey();
        await api.Test(server);
        return server;
    }

    private static async Task<string> Restored(Clinic clinic, JsonNode run, string server, bool dryRun)
    {
        var restore = Clinic.Id(await clinic.Operator.Post("restores", new { backupId = Clinic.Id(run), item = "shop", serverId = server, target = "shop_again", userName = "postgres", password = PostgresServer.Password, host = "127.0.0.1", port = clinic.Postgres.Port, dryRun }));
        await clinic.Operator.Until($"restores/{restore}", row => row["final"]!.GetValue<bool>());
        return restore;
    }

    private static async Task Lists(Inspection eyes)
    {
        // What is done in setup is done, but its pages stay.
        foreach (var route in Routes.Plain.Except(["/setup", "/sign-in"]))
        {
            await eyes.Visit(route);
        }
    }

    private static async Task Things(Inspection eyes, Dictionary<string, string[]> filled)
    {
        foreach (var (route, ids) in filled)
        {
            for (var i = 0; i < ids.Length; i++)
            {
                await eyes.Page.GotoAsync(route.Replace("{id}/{snapshot}", ids[i], StringComparison.Ordinal).Replace("{id}", ids[i], StringComparison.Ordinal).Replace("{name}", ids[i], StringComparison.Ordinal));
                // What is read from a storage arrives a moment later.
                await Assertions.Expect(eyes.Page.Locator("main .busy")).ToHaveCountAsync(0);
                await eyes.Look($"{route.Trim('/').Replace('/', '-').Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal)}-{i + 1}");
            }
        }

        await Opened(eyes);
        // A tab of somebody who signs out elsewhere would go on asking.
        await eyes.Page.CloseAsync();
    }

    /// A plugin in every slot, and one that waits to be approved.
    private static async Task Plugins(Inspection eyes, string package, string server)
    {
        var page = eyes.Page;
        await eyes.Visit($"/servers/{server}/tab/tests.adjustable/tab", "plugin-tab");
        await eyes.Visit("/plugins/tests.adjustable/page/page", "plugin-page");
        await page.GetByRole(AriaRole.Button, new() { Name = "Act surely" }).ClickAsync();
        await page.Reaches("**/actions/**");
        await eyes.Look("plugin-action");

        await PackageWriter.Pack(PluginStage.Built("MedicineMan.TestPlugins.Curious"), package, CancellationToken.None);
        await page.GotoAsync("/settings/plugins/install");
        await page.SetInputFilesAsync("input[type=file]", package);
        await page.Locator("form:has(input[type=file]) button").ClickAsync();
        await page.Reaches("**/settings/plugins/install/tests.curious");
        await eyes.Look("plugin-approve");
        await eyes.Visit("/settings/plugins", "plugins-waiting");
    }

    private static async Task<string> Adjustable(string to)
    {
        PluginStage.Copy(new DirectoryInfo(PluginStage.Built("MedicineMan.TestPlugins.Adjustable")), to);
        await File.WriteAllTextAsync(Path.Combine(to, "values.json"), "[\"one\", \"two\"]");
        return to;
    }

    /// What is only there after a click.
    private static async Task Opened(Inspection eyes)
    {
        var page = eyes.Page;
        await page.GotoAsync("/settings/tokens");
        await page.FillAsync("#Name", "a program");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#created-token")).ToBeVisibleAsync();
        await eyes.Look("token-created");
        await page.GotoAsync("/servers/add");
        await page.CheckAsync("input[value=key]");
        await eyes.Look("server-add-key");
        await page.GotoAsync("/servers?q=nothing-has-this-name");
        await eyes.Look("servers-none-found");
        await page.GotoAsync("/");
        await page.Locator(".menu > summary").ClickAsync();
        await eyes.Look("person-menu");
        await page.Locator("[data-open=keys]").ClickAsync();
        await eyes.Look("keys");
        await page.GotoAsync("/");
        await page.SetViewportSizeAsync(360, 740);
        await page.Locator(".side-toggle").ClickAsync();
        await eyes.Look("navigation");
        await page.GotoAsync("/servers");
        await page.Locator("main tbody a").Last.ClickAsync();
        await page.Locator("[data-stream] button").ClickAsync();
        await Assertions.Expect(page.Locator("#test-steps li").Last).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("#test-steps")).Not.ToHaveAttributeAsync("aria-busy", "true");
        await eyes.Look("connection-tested");
    }

    private static async Task Refused(Inspection eyes)
    {
        await eyes.Visit("/no-such-page");
        foreach (var code in new[] { 403, 404, 429, 500 })
        {
            await eyes.Visit($"/error/{code}");
        }

        await eyes.Page.Context.ClearCookiesAsync();
        await eyes.Visit("/error/404", "error-404-stranger");
    }
}
