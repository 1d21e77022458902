using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Dapper;
using MedicineMan.Host.Access;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.People;

namespace MedicineMan.Host.Tests.Api;

/// A program that calls the API with a token, or without.
internal sealed class ApiCaller(HttpClient client, Visitor? visitor) : IDisposable
{
    public Visitor Visitor => visitor!;

    /// A new person with this role in this organisation, and a token of theirs.
    public static async Task<ApiCaller> As(TestHost host, Role role, string organization = "default")
    {
        var person = new Person { Email = $"{Guid.NewGuid():N}@example.org", Name = $"A {role}", SecurityStamp = "x", Organization = new OrganizationId(organization) };
        person.NormalizedEmail = person.Email.ToUpperInvariant();
        await host.Get<Database>().Write(
            t => t.Connection!.ExecuteAsync("insert into organizations (id, name, created_at) values (@organization, @organization, 0) on conflict do nothing", new { organization }, t), default);
        await host.Get<PersonStore>().Add(person, role, default);
        var visitor = new Visitor { Organization = person.Organization, OrganizationName = organization, PersonId = person.Id, Name = person.Name, Email = person.Email, Role = role };
        var client = new HttpClient { BaseAddress = host.Url };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await host.Get<ApiTokenStore>().Create(visitor, "test", null, default));
        return new ApiCaller(client, visitor);
    }

    public static ApiCaller Stranger(TestHost host) => new(new HttpClient { BaseAddress = host.Url }, null);

    /// From here on it asks for something else than JSON, as a browser does.
    public ApiCaller Accepting(string types)
    {
        client.DefaultRequestHeaders.Add("Accept", types);
        return this;
    }

    public Task<ApiAnswer> Get(string path) => Send(HttpMethod.Get, path);

    public Task<ApiAnswer> Post(string path, object? body = null, string? key = null) => Send(HttpMethod.Post, path, body, key);

    public async Task<ApiAnswer> Send(HttpMethod method, string path, object? body = null, string? key = null)
    {
        using var request = new HttpRequestMessage(method, new Uri("/api/v1/" + path, UriKind.Relative));
        request.Content = body switch { null => null, string text => new StringContent(text, Encoding.UTF8, "application/json"), _ => JsonContent.Create(body) };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        using var answer = await client.SendAsync(request);
        var content = await answer.Content.ReadAsStringAsync();
        var json = content.StartsWith('{') || content.StartsWith('[') ? JsonDocument.Parse(content).RootElement : default;
        return new ApiAnswer((int)answer.StatusCode, json, content, answer.Content.Headers.ContentType?.MediaType, answer.Headers.Location?.ToString(), answer.Headers);
    }

    public void Dispose() => client.Dispose();
}

internal sealed record ApiAnswer(int Status, JsonElement Json, string Content, string? ContentType, string? Location, HttpResponseHeaders Headers)
{
    public string Code => Json.GetProperty("code").GetString()!;

    public string Detail => Json.GetProperty("detail").GetString()!;

    public string Id => Json.GetProperty("id").GetString()!;

    public string? Next => Json.GetProperty("next").GetString();

    public IReadOnlyList<JsonElement> Items => [.. Json.GetProperty("items").EnumerateArray()];
}
