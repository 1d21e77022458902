using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using MedicineMan.Host.Api.Contract;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli.Wire;

/// A host as commands see it: its API, whether it stands elsewhere or was started in this process for one command.
/// <param name="inProcess">Null for a remote host.</param>
internal sealed class HostClient(Uri address, string token, HttpMessageHandler handler, LocalHost? inProcess) : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Reading = new(ApiJson.Options) { UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Skip };

    private static readonly TimeSpan ForTheAnswer = TimeSpan.FromSeconds(10);

    private readonly HttpMessageInvoker http = new(handler);

    public LocalHost? InProcess => inProcess;

    /// The address of one of our people the command acts for; only the operator of this machine may say so.
    public string? OnBehalfOf { get; set; }

    public async Task<T> Get<T>(string path, CancellationToken cancel) => await Read<T>(await Send(HttpMethod.Get, path, null, cancel), cancel);

    /// Null when there is no such thing.
    public async Task<T?> Find<T>(string path, CancellationToken cancel)
        where T : class
    {
        using var answer = await SendRaw(HttpMethod.Get, path, null, null, cancel);
        return answer.StatusCode is HttpStatusCode.NotFound ? null : await Read<T>(await Checked(answer, cancel), cancel);
    }

    public async Task<T> Post<T>(string path, object? body, CancellationToken cancel) => await Read<T>(await Send(HttpMethod.Post, path, body, cancel), cancel);

    /// A POST that starts something which outlives the command. Being interrupted does not tear it off half way: what was started by then could no
    /// longer be named, and would go on with nobody to cancel it. So the answer is waited for, and the caller cancels what it names.
    public async Task<T> Start<T>(string path, object? body, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        using var patience = new CancellationTokenSource();
        await using var interrupted = cancel.Register(() => patience.CancelAfter(ForTheAnswer));
        return await Post<T>(path, body, patience.Token);
    }

    public async Task<T> Put<T>(string path, object body, CancellationToken cancel) => await Read<T>(await Send(HttpMethod.Put, path, body, cancel), cancel);

    /// A POST whose answer is empty.
    public async Task Tell(string path, CancellationToken cancel) => (await Send(HttpMethod.Post, path, null, cancel)).Dispose();

    public async Task Delete(string path, CancellationToken cancel) => (await Send(HttpMethod.Delete, path, null, cancel)).Dispose();

    /// All of a list, page by page.
    public async IAsyncEnumerable<T> All<T>(string path, [EnumeratorCancellation] CancellationToken cancel)
    {
        string? after = null;
        do
        {
            var page = await Get<ListOf<T>>($"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}size=200{(after is null ? "" : $"&after={Uri.EscapeDataString(after)}")}", cancel);
            foreach (var item in page.Items)
            {
                yield return item;
            }

            after = page.Next;
        }
        while (after is not null);
    }

    /// The events of an answer as they come.
    public async IAsyncEnumerable<T> Events<T>(string path, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var answer = await Checked(await SendRaw(HttpMethod.Post, path, null, null, cancel), cancel);
        await using var stream = await answer.Content.ReadAsStreamAsync(cancel);
        await foreach (var item in SseParser.Create(stream, static (_, data) => JsonSerializer.Deserialize<T>(data, Reading)!).EnumerateAsync(cancel))
        {
            yield return item.Data;
        }
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        if (inProcess is not null)
        {
            await inProcess.DisposeAsync();
        }
    }

    private async Task<HttpResponseMessage> Send(HttpMethod method, string path, object? body, CancellationToken cancel)
    {
        // One key for both tries: should the answer to the first be lost, the second learns it and does nothing again.
        var key = method == HttpMethod.Post ? Guid.NewGuid().ToString("N") : null;
        try
        {
            return await Checked(await SendRaw(method, path, body, key, cancel), cancel);
        }
        catch (UserFacingException lost) when (lost.InnerException is HttpRequestException && key is not null)
        {
            return await Checked(await SendRaw(method, path, body, key, cancel), cancel);
        }
    }

    private async Task<HttpResponseMessage> SendRaw(HttpMethod method, string path, object? body, string? key, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, new Uri(address, "/api/v1/" + path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Content = body switch { null => null, Func<HttpContent> content => content(), _ => JsonContent.Create(body, body.GetType(), options: ApiJson.Options) };
        if (key is not null)
        {
            request.Headers.Add(Idempotent.Header, key);
        }

        if (OnBehalfOf is not null)
        {
            request.Headers.Add(LocalOperator.OnBehalfOf, OnBehalfOf);
        }

        try
        {
            return await http.SendAsync(request, cancel);
        }
        catch (HttpRequestException unreachable)
        {
            throw new UserFacingException($"{address} cannot be reached: {unreachable.Message.TrimEnd('.')}. Check --url, and that the server runs.", unreachable);
        }
    }

    private static async Task<T> Read<T>(HttpResponseMessage answer, CancellationToken cancel)
    {
        using (answer)
        {
            return (await answer.Content.ReadFromJsonAsync<T>(Reading, cancel))!;
        }
    }

    private async Task<HttpResponseMessage> Checked(HttpResponseMessage answer, CancellationToken cancel)
    {
        if (answer.IsSuccessStatusCode)
        {
            return answer;
        }

        using (answer)
        {
            throw new RefusedException(answer.StatusCode, await Sentence(answer, cancel));
        }
    }

    private async Task<string> Sentence(HttpResponseMessage answer, CancellationToken cancel)
    {
        try
        {
            var problem = await answer.Content.ReadFromJsonAsync<JsonElement>(cancel);
            return problem.GetProperty("detail").GetString()!;
        }
        catch (Exception foreign) when (foreign is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return $"{address} answered {(int)answer.StatusCode}, and not as Medicine Man does. Check --url.";
        }
    }
}

/// The host said no, in its own words.
internal sealed class RefusedException(HttpStatusCode status, string message) : UserFacingException(message)
{
    public HttpStatusCode Status { get; } = status;
}
