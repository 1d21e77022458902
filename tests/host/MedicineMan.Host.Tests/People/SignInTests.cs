using System.Net;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;

namespace MedicineMan.Host.Tests.People;

public abstract class SignInTests
{
    private protected abstract Task<TestHost> Start();

    [SkippableFact]
    public async Task An_unknown_address_and_a_wrong_password_get_the_same_answer()
    {
        await using var host = await Start();
        await host.Owner();
        var wrong = await host.Stranger().Send("/sign-in", ("Email", TestHost.OwnerEmail), ("Password", "not the password"));
        var unknown = await host.Stranger().Send("/sign-in", ("Email", "nobody@example.org"), ("Password", "not the password"));
        Assert.Equal(HttpStatusCode.OK, wrong.Status);
        Assert.Equal(wrong.Text, unknown.Text);
        Assert.Contains("is not right", wrong.Text, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Five_failures_lock_the_account_even_for_the_right_password()
    {
        await using var host = await Start();
        await host.Owner();
        for (var i = 0; i < 5; i++)
        {
            await host.Stranger().Send("/sign-in", ("Email", TestHost.OwnerEmail), ("Password", "not the password"));
        }

        var locked = await host.Stranger().Send("/sign-in", ("Email", TestHost.OwnerEmail), ("Password", TestHost.OwnerPassword));
        Assert.Contains("is not right", locked.Text, StringComparison.Ordinal);
        var trail = await host.Get<AuditLog>().Page(OrganizationId.Default, null, 50, default);
        Assert.Contains(trail.Items, row => row.Action == "person.locked-out");
    }

    [SkippableFact]
    public async Task Many_tries_from_one_address_are_slowed_down()
    {
        await using var host = await Start();
        await host.Owner();
        var browser = host.Stranger();
        var form = await browser.Get("/sign-in");
        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => browser.Post("/sign-in", form.Token, ("Email", $"guess{i}@example.org"), ("Password", "x"))));
        Assert.Contains(answers, answer => answer.Status == HttpStatusCode.TooManyRequests && answer.Text.Contains("Wait a minute", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Signing_out_ends_the_session_for_a_stolen_cookie_too()
    {
        await using var host = await Start();
        var browser = await host.Owner();
        var stolen = browser.Cookies.GetCookieHeader(host.Url);
        Assert.Equal("/sign-in", (await browser.Send("/sign-out")).Location);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Url, "/settings/profile")) { Headers = { { "Cookie", stolen } } };
        using var answer = await host.Stranger().Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
    }

    [SkippableFact]
    public async Task A_changed_password_ends_every_other_session_at_once()
    {
        await using var host = await Start();
        var (here, there) = (await host.Owner(), await host.Owner());
        Assert.Equal(HttpStatusCode.OK, (await there.Get("/settings/profile")).Status);
        var changed = await here.Send("/settings/profile", ("Current", TestHost.OwnerPassword), ("Wanted", "another long password"));
        Assert.Equal("/settings/profile", changed.Location);
        Assert.Contains("password is changed", (await here.Get("/settings/profile")).Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, (await there.Get("/settings/profile")).Status);
        var again = await host.Stranger().Send("/sign-in", ("Email", TestHost.OwnerEmail), ("Password", "another long password"));
        Assert.Equal("/", again.Location);
    }

    [SkippableFact]
    public async Task A_session_can_be_ended_from_the_list()
    {
        await using var host = await Start();
        var (here, there) = (await host.Owner(), await host.Owner());
        await there.Get("/");
        await here.Send("/settings/sessions?handler=Others");
        Assert.Equal(HttpStatusCode.Redirect, (await there.Get("/")).Status);
        Assert.Equal(HttpStatusCode.OK, (await here.Get("/")).Status);
    }

    [SkippableFact]
    public async Task The_cookie_is_out_of_reach_of_scripts_and_other_sites()
    {
        await using var host = await Start();
        await host.Owner();
        var signedIn = await host.Stranger().Send("/sign-in", ("Email", TestHost.OwnerEmail), ("Password", TestHost.OwnerPassword));
        var cookie = Assert.Single(signedIn.Raw.Headers.GetValues("Set-Cookie"), value => value.StartsWith("medicineman=", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.Ordinal);
        Assert.Contains("samesite=lax", cookie, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("https://evil.example/")]
    [InlineData("//evil.example")]
    public async Task Signing_in_never_leads_to_another_site(string target)
    {
        await using var host = await Start();
        await host.Owner();
        var answer = await host.Stranger().Send("/sign-in", ("Email", TestHost.OwnerEmail), ("Password", TestHost.OwnerPassword), ("To", target));
        Assert.Equal("/", answer.Location);
    }
}

public sealed class SqliteSignInTests : SignInTests
{
    private protected override Task<TestHost> Start() => TestHost.Start();
}

public sealed class PostgresSignInTests : SignInTests
{
    private protected override Task<TestHost> Start() => TestHost.OnPostgres();
}
