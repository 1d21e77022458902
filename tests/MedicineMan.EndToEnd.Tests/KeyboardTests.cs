using MedicineMan.EndToEnd.Tests.Fixtures;
using MedicineMan.Testbed;
using Microsoft.Playwright;

namespace MedicineMan.EndToEnd.Tests;

/// A whole day's work without a mouse: only Tab, Shift+Tab, Enter, Space, Escape, arrows, and what is typed.
public sealed class KeyboardTests
{
    [SkippableFact]
    public async Task An_operator_needs_no_mouse()
    {
        Programs.Require("chromium");
        await using var clinic = await Clinic.Open();
        await clinic.Rows("shop", 1);
        await clinic.Shelf("shelf");
        await using var browser = await Browser.Start(clinic.Host.Url);
        var keys = new Keys(await browser.Visitor());
        await keys.Page.EmulateMediaAsync(new() { ReducedMotion = ReducedMotion.Reduce });

        await SignIn(keys, clinic);
        await SkipAndNavigate(keys);
        await Dialog(keys);
        await AddAServer(keys);
        await Scan(keys);
        await MakeAPlan(keys, clinic);
        await Run(keys);
        await Restore(keys);
        await OnAPhone(keys);
        await SignOut(keys);
        Assert.Equal([], browser.Offences);
    }

    private static async Task SignIn(Keys keys, Clinic clinic)
    {
        await keys.Page.GotoAsync("/sign-in");
        Assert.Equal("input Email", await keys.At());
        await keys.Type(Operator.Email);
        await keys.Press("Tab");
        await keys.Type(Operator.Password);
        await keys.Page.Keyboard.PressAsync("Enter");
        await keys.Page.Reaches(clinic.Host.Url + "/");
    }

    private static async Task SkipAndNavigate(Keys keys)
    {
        await keys.Press("Tab");
        Assert.Equal("a #main", await keys.At());
        await keys.Press("Enter");
        Assert.Equal("main main", await keys.At());
        await keys.Press("Tab");
        Assert.True(await keys.Page.EvaluateAsync<bool>("() => document.querySelector('main').contains(document.activeElement)"));
        // Backwards the way leads past the person menu to the navigation.
        await keys.To(".side nav a[href='/servers']", back: true);
        await keys.Press("Enter");
        await keys.Page.Reaches("**/servers");
    }

    private static async Task Dialog(Keys keys)
    {
        var dialog = keys.Page.Locator("#keys");
        await keys.To("main a[href='/servers/add']");
        await keys.Press("?");
        await Assertions.Expect(dialog).ToBeVisibleAsync();
        for (var i = 0; i < 6; i++)
        {
            Assert.True(await keys.Page.EvaluateAsync<bool>("() => document.activeElement === document.body || document.activeElement.closest('dialog') !== null"), await keys.At());
            await keys.Press("Tab");
        }

        await keys.Press("Escape");
        await Assertions.Expect(dialog).ToBeHiddenAsync();
        Assert.Equal("a /servers/add", await keys.At());

        // From the menu, closed with its button: the focus is where the menu is.
        await keys.Use(".menu > summary", "Space");
        await keys.Use("[data-open=keys]");
        await Assertions.Expect(dialog).ToBeVisibleAsync();
        await keys.Use("#keys button", "Space");
        await Assertions.Expect(dialog).ToBeHiddenAsync();
        Assert.StartsWith("summary", await keys.At(), StringComparison.Ordinal);

        // And Escape closes the menu itself.
        await keys.Press("Enter");
        await keys.To(".menu-body a");
        await keys.Press("Escape");
        Assert.StartsWith("summary", await keys.At(), StringComparison.Ordinal);
        await Assertions.Expect(keys.Page.Locator(".menu-body")).ToBeHiddenAsync();
    }

    private static async Task AddAServer(Keys keys)
    {
        await keys.Use("main a[href='/servers/add']");
        await keys.Page.Reaches("**/servers/add");
        await keys.GoAround();
        await keys.To("input[value=ssh]");
        await keys.Press("ArrowDown");
        Assert.True(await keys.Page.IsCheckedAsync("input[value=local]"));
        await keys.Fill("#Form_Name", "this machine");
        await keys.Use("main button");
        await keys.Page.Reaches("**/servers/0*");
    }

    private static async Task Scan(Keys keys)
    {
        await keys.Use("[data-stream] button");
        await Assertions.Expect(keys.Page.Locator("#test-steps")).ToContainTextAsync("Shell");
        await Assertions.Expect(keys.Page.Locator("#overview")).ToContainTextAsync("Online");
        Assert.Equal("button Test connection", await keys.At());
        await keys.Use("form[action$='handler=Scan'] button", "Space");
        await Assertions.Expect(keys.Page.Locator("#scan-found")).ToContainTextAsync("Scanned", new() { Timeout = 60_000 });
        await Assertions.Expect(keys.Page.Locator("#overview")).ToContainTextAsync("Linux");
        await keys.GoAround();
        await keys.Use("#scan-found summary", "Space");
        await Assertions.Expect(keys.Page.Locator("#scan-found details").First).ToHaveAttributeAsync("open", "");
    }

    private static async Task MakeAPlan(Keys keys, Clinic clinic)
    {
        await keys.Use(".side nav a[href='/backups']");
        await keys.Page.Reaches("**/backups");
        await keys.Use("main a[href='/backups/plans/new']");
        await keys.Page.Reaches("**/plans/new");
        await keys.GoAround();
        await keys.Fill("#Form_Name", "the shop");
        await keys.Fill("#Form_Host", "127.0.0.1");
        await keys.Fill("#Form_Port", $"{clinic.Postgres.Port}");
        await keys.Fill("#Form_UserName", "postgres");
        await keys.Fill("#Form_Password", PostgresServer.Password);
        await keys.Fill("#Form_Items", "shop");
        await keys.Use("main button.btn-primary");
        await keys.Page.Reaches("**/plans/0*");
    }

    private static async Task Run(Keys keys)
    {
        await keys.GoAround();
        await keys.Use("form[action$='handler=Run'] button");
        await keys.Page.Reaches("**/runs/*");
        // The page changes by itself while somebody is on it, and does not take the place away.
        await keys.To("main a[href^='/servers/'], main pre");
        await Assertions.Expect(keys.Page.Locator("h1")).ToContainTextAsync("proven", new() { Timeout = 120_000 });
        Assert.NotEqual("", await keys.At());
        await Assertions.Expect(keys.Page.Locator("form[action$='handler=Cancel']")).ToHaveCountAsync(0);
        await keys.GoAround();
    }

    private static async Task Restore(Keys keys)
    {
        await keys.Use("main a[href$='/restore']");
        await keys.Page.Reaches("**/restore");
        await keys.GoAround();
        await keys.Fill("#Target", "shop_again");
        await keys.Use("details:has(#Confirmation) summary", "Space");
        await keys.To("#Confirmation");
        await keys.Use("details:has(#Confirmation) summary");
        await keys.Use("main button[name='Form.DryRun'][value=true]");
        await Assertions.Expect(keys.Page.Locator("#restore")).ToContainTextAsync("What would happen");
        await keys.Use("form[action$='handler=Now'] button");
        await keys.Page.Reaches("**/restores/0*");
        await Assertions.Expect(keys.Page.Locator("#restore")).ToContainTextAsync("What was done");
        await Assertions.Expect(keys.Page.Locator("form[action$='handler=Cancel']")).ToHaveCountAsync(0);
    }

    private static async Task OnAPhone(Keys keys)
    {
        await keys.Page.SetViewportSizeAsync(360, 740);
        await keys.GoAround();
        await keys.Use(".side-toggle", "Space");
        await Assertions.Expect(keys.Page.Locator(".side-toggle")).ToHaveAttributeAsync("aria-expanded", "true");
        await keys.GoAround();
        await keys.Use(".side nav a[href='/jobs']");
        await keys.Page.Reaches("**/jobs");
        await keys.GoAround();
        await keys.Page.SetViewportSizeAsync(1280, 900);
    }

    private static async Task SignOut(Keys keys)
    {
        await keys.Use(".menu > summary");
        await keys.Use(".menu-body form button");
        await keys.Page.Reaches("**/sign-in");
    }
}
