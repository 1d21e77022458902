using System.Net;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;

namespace MedicineMan.Host.Tests;

/// As much of a browser as pages need: it keeps cookies, and sends a form with the token its page carries.
internal sealed class TestBrowser : IDisposable
{
    private readonly HttpClientHandler handler = new() { AllowAutoRedirect = false, CookieContainer = new CookieContainer() };

    public TestBrowser(Uri url) => Client = new HttpClient(handler) { BaseAddress = url };

    public HttpClient Client { get; }

    public CookieContainer Cookies => handler.CookieContainer;

    public async Task<TestAnswer> Get(string path) => await TestAnswer.Of(await Client.GetAsync(new Uri(path, UriKind.Relative)));

    /// Opens the page, then sends its form: the one that posts to <paramref name="path"/> itself or, with a handler, to <c>?handler=…</c>.
    public async Task<TestAnswer> Send(string path, params (string Name, string Value)[] fields)
    {
        var page = await Get(path.Split("?handler=")[0]);
        return await Post(path, page.Token, fields);
    }

    public async Task<TestAnswer> Post(string path, string? token, params (string Name, string Value)[] fields)
    {
        var all = fields.Select(field => KeyValuePair.Create(field.Name, field.Value)).ToList();
        if (token is not null)
        {
            all.Add(KeyValuePair.Create("__RequestVerificationToken", token));
        }

        using var content = new FormUrlEncodedContent(all);
        return await TestAnswer.Of(await Client.PostAsync(new Uri(path, UriKind.Relative), content));
    }

    public void Dispose()
    {
        Client.Dispose();
        handler.Dispose();
    }
}

internal sealed record TestAnswer(HttpStatusCode Status, string? Location, string Body, HttpResponseMessage Raw)
{
    public IHtmlDocument Page => new HtmlParser().ParseDocument(Body);

    public string? Token => Page.QuerySelector("input[name=__RequestVerificationToken]")?.GetAttribute("value");

    /// What stands on the page, without markup.
    public string Text => string.Join(' ', (Page.Body?.TextContent ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    public static async Task<TestAnswer> Of(HttpResponseMessage raw) =>
        new(raw.StatusCode, raw.Headers.Location?.ToString().Replace(raw.RequestMessage!.RequestUri!.GetLeftPart(UriPartial.Authority), "", StringComparison.Ordinal), await raw.Content.ReadAsStringAsync(), raw);
}
