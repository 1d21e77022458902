using System.Net;
using MedicineMan.Host.Access;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Servers;

namespace MedicineMan.Host.Tests.Shell;

public sealed class ServerPageTests
{
    [Fact]
    public async Task This_machine_is_added_tested_and_shown_as_online()
    {
        await using var host = await TestHost.Start();
        var owner = await host.Owner();
        Assert.Contains("No server is looked after yet", (await owner.Get("/servers")).Text, StringComparison.Ordinal);
        var added = await owner.Send("/servers/add", ("Form.Kind", "local"), ("Form.Name", "Home <b>box</b>"));
        var page = await owner.Get(added.Location!);
        var test = await owner.Post($"{added.Location}?handler=Test", page.Token);
        Assert.Contains("Shell passed", test.Text, StringComparison.Ordinal);
        var list = await owner.Get("/servers");
        Assert.Contains("Home <b>box</b>", list.Text, StringComparison.Ordinal);
        Assert.Contains("Online", list.Text, StringComparison.Ordinal);
        Assert.Contains("Online", (await owner.Get(added.Location!)).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not an address at all", "is not an address")]
    [InlineData("root@host", "Enter a password or a private key")]
    public async Task A_server_that_cannot_be_reached_as_entered_is_refused_with_its_reason(string place, string reason)
    {
        await using var host = await TestHost.Start();
        var answer = await (await host.Owner()).Send("/servers/add", ("Form.Kind", "ssh"), ("Form.Place", place), ("Form.SignInWith", "password"));
        Assert.Contains(reason, answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_is_paged_and_searched()
    {
        await using var host = await TestHost.Start();
        var owner = await host.Owner();
        for (var i = 0; i < 120; i++)
        {
            await Add(host, $"web-{i:000}", i == 77 ? ["special"] : []);
        }

        var seen = new List<string>();
        for (var next = "/servers"; next is not null;)
        {
            var page = (await owner.Get(next)).Page;
            seen.AddRange(page.QuerySelectorAll("tbody tr td:first-child").Select(cell => cell.TextContent));
            next = page.QuerySelector("a[rel=next]")?.GetAttribute("href");
        }

        Assert.Equal(Enumerable.Range(0, 120).Select(i => $"web-{i:000}"), seen);
        Assert.Equal("web-042", (await owner.Get("/servers?q=b-042")).Page.QuerySelector("tbody td")!.TextContent);
        Assert.Single((await owner.Get("/servers?tag=special")).Page.QuerySelectorAll("tbody tr"));
        Assert.Contains("No server fits", (await owner.Get("/servers?q=nothing")).Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await owner.Get("/servers?after=junk")).Status);
    }

    [Fact]
    public async Task A_server_is_removed_only_after_its_name_was_typed()
    {
        await using var host = await TestHost.Start();
        var owner = await host.Owner();
        var id = await Add(host, "web-1", []);
        var refused = await owner.Send($"/servers/{id}/edit?handler=Remove", ("typed", "web"));
        Assert.Contains("Nothing was removed", refused.Text, StringComparison.Ordinal);
        Assert.Equal("/servers", (await owner.Send($"/servers/{id}/edit?handler=Remove", ("typed", "web-1"))).Location);
        Assert.Equal(HttpStatusCode.NotFound, (await owner.Get($"/servers/{id}")).Status);
    }

    [Fact]
    public async Task Editing_keeps_the_stored_credential_and_never_shows_it()
    {
        await using var host = await TestHost.Start();
        var owner = await host.Owner();
        var id = await Add(host, "web-1", []);
        var before = await host.Get<ServerStore>().Get(OrganizationId.Default, id, default);
        var form = await owner.Get($"/servers/{id}/edit");
        Assert.DoesNotContain("sesame", form.Body, StringComparison.Ordinal);
        await owner.Send($"/servers/{id}/edit", ("Form.Kind", "ssh"), ("Form.Name", "web-2"), ("Form.Place", "ada@192.0.2.7:2222"), ("Form.SignInWith", "keep"));
        var after = await host.Get<ServerStore>().Get(OrganizationId.Default, id, default);
        Assert.Equal(("web-2", "192.0.2.7", 2222, before.CredentialSecret), (after.Name, after.Address, after.Port, after.CredentialSecret));
    }

    [Fact]
    public async Task An_operator_may_look_and_test_but_not_change_servers()
    {
        await using var host = await TestHost.Start();
        await host.Owner();
        var id = await Add(host, "web-1", []);
        var clerk = await host.Member(Role.Operator);
        Assert.Equal(HttpStatusCode.OK, (await clerk.Get($"/servers/{id}")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await clerk.Get("/servers/add")).Status);
        var pinned = await clerk.Send($"/servers/{id}?handler=Pin", ("fingerprint", "SHA256:AAAA"));
        Assert.Equal(HttpStatusCode.Forbidden, pinned.Status);
        Assert.Contains("needs the role admin", pinned.Text, StringComparison.Ordinal);
    }

    private static Task<string> Add(TestHost host, string name, string[] tags) => host.Get<ServerStore>().Add(
        OrganizationId.Default,
        new ServerDraft { Name = name, Address = "192.0.2.1", UserName = "root", Tags = tags, Credential = new NewCredential("password", "sesame") },
        Actor.System,
        CancellationToken.None);
}
