using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace MedicineMan.EndToEnd.Tests.Fixtures;

/// Somebody who works through the API with a personal token, as the first administrator of a new host.
internal sealed partial class Operator : IDisposable
{
    public const string Email = "ada@example.org";
    public const string Password = "a long enough password";

    private readonly HttpClient client;

    private Operator(HttpClient client) => this.client = client;

    /// Everything the host has answered, when it is to be kept.
    public List<string>? Answers { get; set; }

    public static async Task<Operator> First(HostProcess host)
    {
        var client = new HttpClient { BaseAddress = new Uri(host.Url), Timeout = TimeSpan.FromSeconds(100) };
        var setup = new Uri(host.SetupLink);
        await Send(client, setup, setup.AbsolutePath, ("Token", setup.Query.Split('=')[1]), ("Name", "Ada"), ("Email", Email), ("Password", Password));
        var tokens = new Uri(client.BaseAddress, "/settings/tokens");
        var page = await Send(client, tokens, "/settings/tokens?handler=Create", ("Name", "tests"), ("Days", "30"));
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", CreatedToken().Match(page).Groups[1].Value);
        return new Operator(client);
    }

    public async Task<JsonNode> Get(string path) => JsonNode.Parse(await Text(HttpMethod.Get, path, null))!;

    public async Task<JsonNode> Post(string path, object? body = null) => JsonNode.Parse(await Text(HttpMethod.Post, path, body))!;

    public async Task<JsonNode> Put(string path, object body) => JsonNode.Parse(await Text(HttpMethod.Put, path, body))!;

    /// A page as the browser would get it; the session cookie of the setup stands for the person.
    public Task<string> Page(string path) => Answer(HttpMethod.Get, path, null);

    /// The steps of a connection test, as they were streamed.
    public async Task<IReadOnlyList<JsonNode>> Test(string server) =>
        [.. (await Text(HttpMethod.Post, $"servers/{server}/test", null)).Split('\n').Where(line => line.StartsWith("data:", StringComparison.Ordinal)).Select(line => JsonNode.Parse(line[5..])!)];

    /// Reads until something is reached, and shows the last answer when it never is.
    public async Task<JsonNode> Until(string path, Func<JsonNode, bool> reached, int seconds = 240)
    {
        var deadline = TimeProvider.System.GetUtcNow().AddSeconds(seconds);
        while (true)
        {
            var now = await Get(path);
            if (reached(now))
            {
                return now;
            }

            Assert.True(TimeProvider.System.GetUtcNow() < deadline, $"Not reached in {seconds} s: {now}");
            await Task.Delay(150);
        }
    }

    public void Dispose() => client.Dispose();

    private Task<string> Text(HttpMethod method, string path, object? body) => Answer(method, "/api/v1/" + path, body);

    private async Task<string> Answer(HttpMethod method, string path, object? body)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = body is null ? null : JsonContent.Create(body) };
        using var answer = await client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Answers?.Add($"{answer.Headers}{answer.Content.Headers}{text}");
        Assert.True(answer.IsSuccessStatusCode, $"{method} {path}: {(int)answer.StatusCode} {text}");
        return text;
    }

    private static async Task<string> Send(HttpClient client, Uri page, string to, params (string Name, string Value)[] fields)
    {
        var guard = FormToken().Match(await client.GetStringAsync(page)).Groups[1].Value;
        using var form = new FormUrlEncodedContent(fields.Append(("__RequestVerificationToken", guard)).Select(field => KeyValuePair.Create(field.Item1, field.Item2)));
        using var answer = await client.PostAsync(new Uri(to, UriKind.Relative), form);
        return await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" type=\"hidden\" value=\"([^\"]+)\"")]
    private static partial Regex FormToken();

    [GeneratedRegex("id=\"created-token\">([^<]+)<")]
    private static partial Regex CreatedToken();
}
