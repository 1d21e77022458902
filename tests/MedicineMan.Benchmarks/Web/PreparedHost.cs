using System.Net;
using System.Text.RegularExpressions;
using MedicineMan.Host;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Servers;
using MedicineMan.Host.Setup;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace MedicineMan.Benchmarks.Web;

/// <summary>A data directory as a used host leaves it: migrated, with an owner and as many servers as asked for.</summary>
internal static partial class PreparedHost
{
    private const string Email = "owner@example.org";
    private const string Password = "a long enough password";

    private const string ServerSql = """
        insert into servers (id, organization_id, name, address, port, kind, user_name, tags, search_text, state, seen_at, os_name, services_summary, disk_used_percent, created_at)
        values (@id, @organization, @name, @address, 22, 'ssh', 'root', @tags, @search, @state, @seen, @os, @services, @disk, @seen)
        """;

    public static async Task Prepare(string data, int servers)
    {
        await using var app = await HostComposition.Start(new HostSettings { Data = data, Urls = "http://127.0.0.1:0" }, CancellationToken.None);
        var token = await app.Services.GetRequiredService<SetupToken>().Issue(CancellationToken.None);
        await using (var scope = app.Services.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<FirstAdministrator>().Create(token!, "Olive Owner", Email, Password, null, CancellationToken.None);
        }

        await app.Services.GetRequiredService<Database>().Write(
            transaction => transaction.Connection!.ExecuteAsync(ServerSql, Enumerable.Range(0, servers).Select(Row), transaction), CancellationToken.None);
        await app.StopAsync();
    }

    /// <summary>Signs in as a browser does.</summary>
    /// <returns>The value of the Cookie header.</returns>
    public static async Task<string> SignIn(Uri url)
    {
        using var handler = new HttpClientHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer() };
        using var client = new HttpClient(handler) { BaseAddress = url };
        var form = await client.GetStringAsync(new Uri("/sign-in", UriKind.Relative));
        using var fields = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["Email"] = Email, ["Password"] = Password, ["__RequestVerificationToken"] = Token().Match(form).Groups[1].Value,
        });
        using var answer = await client.PostAsync(new Uri("/sign-in", UriKind.Relative), fields);
        return answer.StatusCode is HttpStatusCode.Redirect
            ? handler.CookieContainer.GetCookieHeader(url)
            : throw new InvalidOperationException($"Signing in was answered with {answer.StatusCode}.");
    }

    private static object Row(int number) => new
    {
        id = $"{number:x32}", organization = OrganizationId.Default, name = $"server-{number:00000}.example.org", address = $"10.{number >> 16}.{(number >> 8) & 255}.{number & 255}",
        tags = (number % 3) switch { 0 => """["production","eu-west"]""", 1 => """["staging"]""", _ => "[]" }, search = $"server-{number:00000}.example.org",
        state = (number % 10) switch { 0 => ServerState.Failed, 1 => ServerState.Unknown, _ => ServerState.Online }, seen = TimeProvider.System.GetUtcNow(),
        os = "Debian GNU/Linux 12 (bookworm)", services = "PostgreSQL 15, Redis 7.0", disk = number % 100,
    };

    [GeneratedRegex("""name="__RequestVerificationToken"[^>]*value="([^"]+)""")]
    private static partial Regex Token();
}
