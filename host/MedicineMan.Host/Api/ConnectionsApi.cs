using System.ComponentModel.DataAnnotations;
using System.Runtime.CompilerServices;
using MedicineMan.Host.Access;
using MedicineMan.Host.Api.Contract;
using MedicineMan.Host.Servers;
using MedicineMan.Host.Servers.Ssh;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace MedicineMan.Host.Api;

/// Testing the way to a server, and deciding about its host key.
internal static class ConnectionsApi
{
    public static void Map(RouteGroupBuilder servers)
    {
        servers.MapPost("/{id}/test", Test).RequireAuthorization(Policies.Operator).Produces<TestStepAnswer>(200, "text/event-stream")
            .WithName("testServer").WithSummary("Tests the connection; each step is an event \"step\" as soon as it is known");
        servers.MapPut("/{id}/host-key", Trust).RequireAuthorization(Policies.Admin)
            .WithName("trustHostKey").WithSummary("Pins the key a test showed, or approves a changed one with a reason");
    }

    private static async Task<IResult> Test(string id, HttpContext http, ServerStore servers, ServerRunners runners, ConnectionTest test, CancellationToken cancel)
    {
        var visitor = http.Visitor();
        var server = await servers.Find(visitor.Organization, id, cancel) ?? throw ApiProblem.NotFound("server", id);
        var steps = server.IsLocal
            ? test.RunLocal(cancel)
            : test.Run(await runners.Target(visitor.Organization, server, visitor.Actor, $"connection test of {server.Name}", cancel), cancel);
        return TypedResults.ServerSentEvents(Seen(steps, cancel), "step");
    }

    private static async IAsyncEnumerable<TestStepAnswer> Seen(IAsyncEnumerable<TestStep> steps, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var step in steps.WithCancellation(cancel))
        {
            yield return new TestStepAnswer(step.Name, step.State, step.Milliseconds, step.Detail, step.Remedy, step.HostKey?.Text, step.HostKey?.Fingerprint);
        }
    }

    private static async Task<Ok<ServerAnswer>> Trust(string id, [FromBody] HostKeyRequest request, HttpContext http, ServerStore servers, HostKeyStore keys, CancellationToken cancel)
    {
        var visitor = http.Visitor();
        var server = await servers.Find(visitor.Organization, id, cancel) ?? throw ApiProblem.NotFound("server", id);
        if (server.HostKeyPending)
        {
            await keys.ApproveHostKey(visitor.Organization, id, request.Fingerprint!, request.Reason ?? "", visitor.Actor, cancel);
        }
        else
        {
            await keys.PinHostKey(visitor.Organization, id, request.Pinned(), visitor.Actor, cancel);
        }

        return TypedResults.Ok(ServerAnswer.Of((await servers.Find(visitor.Organization, id, cancel))!));
    }
}

/// <param name="State"><c>passed</c>, <c>failed</c>, or <c>asks</c> for a person to compare the host key.</param>
/// <param name="Remedy">What to do next.</param>
/// <param name="HostKey">The key to pin, as a line of known_hosts holds it.</param>
internal sealed record TestStepAnswer(string Name, TestState State, double Milliseconds, string Detail, string? Remedy, string? HostKey, string? HostKeyFingerprint);

internal sealed record HostKeyRequest
{
    /// SHA256:…, as compared by a person.
    [Required(ErrorMessage = "Send the fingerprint that was compared, SHA256:…")]
    public string? Fingerprint { get; init; }

    /// The key in full, as the test showed it; needed when none is pinned yet.
    public string? HostKey { get; init; }

    /// Why the key changed; needed to replace a pinned one.
    public string? Reason { get; init; }

    public HostKey Pinned()
    {
        try
        {
            var key = new HostKey(HostKey ?? "");
            return key.Fingerprint == Fingerprint ? key : throw ApiProblem.Invalid("fingerprint", "The fingerprint is not that of the host key. Compare again.");
        }
        catch (Exception unreadable) when (unreadable is FormatException or IndexOutOfRangeException)
        {
            throw ApiProblem.Invalid("hostKey", "Send the host key in full, as the connection test showed it: algorithm, space, Base64.");
        }
    }
}
