using System.Net;
using MedicineMan.Samples.Permits;

namespace MedicineMan.Samples.Tests;

public sealed class PermitsTests
{
    [Theory]
    [InlineData("admin", "", HttpStatusCode.NoContent)]
    [InlineData("operator", "", HttpStatusCode.Forbidden)]
    [InlineData("viewer", "", HttpStatusCode.Forbidden)]
    [InlineData("viewer", "grant", HttpStatusCode.NoContent)]
    [InlineData("", "grant", HttpStatusCode.Unauthorized)]
    public async Task Only_people_with_the_permission_may_grant(string role, string permission, HttpStatusCode expected)
    {
        await using var host = await Samples.Start<PermitsPlugin>(setup => setup.Store.Values["request/vacation"] = "open"u8.ToArray());
        using var client = host.ClientAs(role, permission);

        using var answer = await client.PostAsync("requests/vacation/grant", null);

        Assert.Equal(expected, answer.StatusCode);
        Assert.Equal(expected == HttpStatusCode.NoContent ? "vacation: granted 2026-01-01 12:00" : "vacation: open", await host.Client.GetStringAsync("requests"));
    }

    [Fact]
    public async Task Granting_twice_keeps_the_first_moment()
    {
        await using var host = await Samples.Start<PermitsPlugin>(setup => setup.Store.Values["request/vacation"] = "open"u8.ToArray());
        await host.Client.PostAsync("requests/vacation/grant", null);
        host.Clock.Advance(TimeSpan.FromDays(1));
        await host.Client.PostAsync("requests/vacation/grant", null);
        Assert.Equal("vacation: granted 2026-01-01 12:00", await host.Client.GetStringAsync("requests"));
    }

    [Fact]
    public async Task What_was_never_requested_is_a_sentence()
    {
        await using var host = await Samples.Start<PermitsPlugin>();
        using var answer = await host.Client.PostAsync("requests/raise/grant", null);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("There is no request raise.", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(host.Faults);
    }
}
