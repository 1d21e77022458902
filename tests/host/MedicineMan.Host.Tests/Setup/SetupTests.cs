using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Setup;

namespace MedicineMan.Host.Tests.Setup;

public abstract class SetupTests
{
    private protected abstract Task<TestHost> Start();

    private static (string, string)[] Form(string token, string name) =>
        [("Token", token), ("Name", name), ("Email", $"{name}@example.org"), ("Password", "a long enough password")];

    [SkippableFact]
    public async Task The_token_from_the_console_makes_an_owner_who_is_signed_in()
    {
        await using var host = await Start();
        var token = await host.Get<SetupToken>().Issue(default);
        var browser = host.Stranger();
        Assert.Equal("/setup", (await browser.Get("/sign-in")).Location);
        var made = await browser.Send("/setup", Form(token!, "ada"));
        Assert.Equal("/setup/recovery-kit", made.Location);
        Assert.Contains("owner", (await browser.Get("/settings/profile")).Text, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task The_token_works_for_exactly_one_of_many_who_use_it_at_once()
    {
        await using var host = await Start();
        var token = await host.Get<SetupToken>().Issue(default);
        var browsers = Enumerable.Range(0, 8).Select(_ => host.Stranger()).ToList();
        var forms = await Task.WhenAll(browsers.Select(async browser => (browser, page: await browser.Get("/setup"))));
        var answers = await Task.WhenAll(forms.Select((form, i) => form.browser.Post("/setup", form.page.Token, Form(token!, $"visitor{i}"))));
        Assert.Single(answers, answer => answer.Location == "/setup/recovery-kit");
    }

    [SkippableTheory]
    [InlineData("")]
    [InlineData("guessed")]
    public async Task A_wrong_token_makes_nobody(string guess)
    {
        await using var host = await Start();
        await host.Get<SetupToken>().Issue(default);
        var browser = host.Stranger();
        var refused = await browser.Send("/setup", Form(guess, "eve"));
        Assert.Contains("This token does not fit", refused.Text, StringComparison.Ordinal);
        Assert.False(await host.Get<SetupState>().HasOwner(default));
    }

    [SkippableFact]
    public async Task A_later_token_replaces_an_earlier_one_and_none_is_given_once_there_is_an_owner()
    {
        await using var host = await Start();
        var earlier = await host.Get<SetupToken>().Issue(default);
        await host.Owner();
        Assert.False(await host.Get<SetupToken>().Fits(earlier, default));
        Assert.Null(await host.Get<SetupToken>().Issue(default));
        Assert.Equal(2, (await host.Get<AuditLog>().Page(OrganizationId.Default, null, 50, default)).Items.Count(entry => entry.Action == "setup-token.issued"));
        Assert.Equal("/sign-in?to=/setup", (await host.Stranger().Get("/setup")).Location);
    }

    [SkippableFact]
    public async Task A_short_password_is_refused_and_spends_no_token()
    {
        await using var host = await Start();
        var token = await host.Get<SetupToken>().Issue(default);
        var browser = host.Stranger();
        var refused = await browser.Send("/setup", ("Token", token!), ("Name", "ada"), ("Email", "ada@example.org"), ("Password", "short"));
        Assert.Contains("at least 12 characters", refused.Text, StringComparison.Ordinal);
        Assert.Equal("/setup/recovery-kit", (await browser.Send("/setup", Form(token!, "ada"))).Location);
    }

    [SkippableFact]
    public async Task Setup_can_be_left_and_goes_on_with_the_first_step_that_is_not_done()
    {
        await using var host = await Start();
        var owner = await host.Owner();
        Assert.Equal("/setup/recovery-kit", (await owner.Get("/setup")).Location);
        Assert.Contains("not stored elsewhere yet", (await owner.Get("/")).Text, StringComparison.Ordinal);
        var kit = await owner.Send("/setup/recovery-kit?handler=Download");
        Assert.Contains("attachment", kit.Raw.Content.Headers.ContentDisposition!.ToString(), StringComparison.Ordinal);
        Assert.Contains((await File.ReadAllTextAsync(Path.Combine(host.Data, "master.key"))).Trim(), kit.Body, StringComparison.Ordinal);
        await owner.Send("/setup/recovery-kit?handler=Confirm", ("stored", "true"));
        Assert.DoesNotContain("not stored elsewhere yet", (await owner.Get("/")).Text, StringComparison.Ordinal);
        Assert.Equal("/setup/server", (await owner.Get("/setup")).Location);
    }
}

public sealed class SqliteSetupTests : SetupTests
{
    private protected override Task<TestHost> Start() => TestHost.Start();
}

public sealed class PostgresSetupTests : SetupTests
{
    private protected override Task<TestHost> Start() => TestHost.OnPostgres();
}
