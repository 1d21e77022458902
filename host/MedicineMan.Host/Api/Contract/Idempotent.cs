using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MedicineMan.Host.Access;
using MedicineMan.Host.Idempotency;
using Microsoft.AspNetCore.Mvc;

namespace MedicineMan.Host.Api.Contract;

/// <c>Idempotency-Key</c> on any POST: the same key with the same request gets the same answer for a day and does nothing again, also when
/// both come at once. A refused request gives its key back; one that died on the way does not, because nobody can know how far it came.
internal static class Idempotent
{
    public const string Header = "Idempotency-Key";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SurelyDead = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    public static EndpointFilterDelegate Filter(EndpointFilterFactoryContext endpoint, EndpointFilterDelegate next)
    {
        int[] bodies = [.. Checked.Carried(endpoint.MethodInfo, attribute => attribute is FromBodyAttribute)];
        return invocation =>
        {
            var request = invocation.HttpContext.Request;
            return HttpMethods.IsPost(request.Method) && request.Headers[Header].ToString() is { Length: > 0 } key
                ? Once(invocation, next, key, Fingerprint(request, bodies.Select(index => invocation.Arguments[index])))
                : next(invocation);
        };
    }

    private static async ValueTask<object?> Once(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next, string key, byte[] fingerprint)
    {
        if (key.Length > 200 || key.Any(letter => letter is < '!' or > '~'))
        {
            throw ApiProblem.Invalid(Header, "An Idempotency-Key is at most 200 printable characters without spaces.");
        }

        var http = invocation.HttpContext;
        var (visitor, store, cancel) = (http.Visitor(), http.RequestServices.GetRequiredService<IdempotencyStore>(), http.RequestAborted);
        if (await store.Take(visitor, key, fingerprint, cancel) is { } earlier)
        {
            http.Response.Headers["Idempotency-Replayed"] = "true";
            return new Replay(await AnswerOf(earlier, visitor, store, key, fingerprint, http.RequestServices.GetRequiredService<TimeProvider>(), cancel));
        }

        RememberedAnswer answer;
        try
        {
            answer = await Record(http, await next(invocation));
        }
        catch (Exception refused) when (ApiFailures.Of(refused) is not null and not { Status: >= 500 })
        {
            await store.Release(visitor, key, CancellationToken.None);
            throw;
        }

        await (answer.Status < 400 ? store.Answered(visitor, key, answer, CancellationToken.None) : store.Release(visitor, key, CancellationToken.None));
        return new Replay(answer);
    }

    private static async Task<RememberedAnswer> AnswerOf(
        EarlierRequest earlier, Visitor visitor, IdempotencyStore store, string key, byte[] fingerprint, TimeProvider time, CancellationToken cancel)
    {
        var from = time.GetTimestamp();
        while (true)
        {
            if (!earlier.Same)
            {
                throw ApiProblem.Conflict("idempotency-key-reused", "This Idempotency-Key was used for another request within the last day. Use a new one.");
            }

            if (earlier.Answer is { } answer)
            {
                return answer;
            }

            if (earlier.Age > SurelyDead)
            {
                throw ApiProblem.Conflict("outcome-unknown", "The first request with this Idempotency-Key was interrupted. See whether it took effect, then send what is missing with a new key.");
            }

            if (time.GetElapsedTime(from) > Patience)
            {
                throw ApiProblem.Conflict("in-progress", "The first request with this Idempotency-Key is still under way. Send it again in a moment.");
            }

            await Task.Delay(Step, time, cancel);
            earlier = await store.Find(visitor, key, fingerprint, cancel)
                ?? throw ApiProblem.Conflict("first-refused", "The first request with this Idempotency-Key was refused. Send it again to learn why.");
        }
    }

    /// Lets the result write itself, but to memory: what is remembered is what was sent, to the byte.
    private static async Task<RememberedAnswer> Record(HttpContext http, object? result)
    {
        var (wire, recorded) = (http.Response.Body, new MemoryStream());
        http.Response.Body = recorded;
        try
        {
            await (result as IResult ?? Results.Ok(result)).ExecuteAsync(http);
            return new RememberedAnswer(http.Response.StatusCode, http.Response.Headers.Location, http.Response.ContentType, recorded.ToArray());
        }
        finally
        {
            http.Response.Body = wire;
        }
    }

    private static byte[] Fingerprint(HttpRequest request, IEnumerable<object?> bodies)
    {
        var text = new StringBuilder().Append(request.Path).Append(request.QueryString);
        foreach (var body in bodies)
        {
            text.Append('\n').Append(JsonSerializer.Serialize(body));
        }

        return SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private sealed class Replay(RememberedAnswer answer) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            (response.StatusCode, response.Headers.Location, response.ContentType) = (answer.Status, answer.Location, answer.ContentType);
            return answer.Body.Length == 0 ? Task.CompletedTask : response.Body.WriteAsync(answer.Body, httpContext.RequestAborted).AsTask();
        }
    }
}
