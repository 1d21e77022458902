using System.ComponentModel.DataAnnotations;
using System.Runtime.CompilerServices;
using MedicineMan.Host.Access;
using MedicineMan.Host.Api.Contract;
using MedicineMan.Host.Servers;
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
            .WithName("trustHostKey").WithSummary("Pins the key the last test showed, or approves a changed one with a reason");
    }

    private static async Task<IResult> Test(string id, HttpContext http, ServerStore servers, RecordedTest test, CancellationToken cancel)
    {
        var visitor = http.Visitor();
        var server = await servers.Find(visitor.Organization, id, cancel) ?? throw ApiProblem.NotFound("server", id);
        return TypedResults.ServerSentEvents(Seen(test.Run(visitor, server, cancel), cancel), "step");
    }

    private static async IAsyncEnumerable<TestStepAnswer> Seen(IAsyncEnumerable<TestStep> steps, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var step in steps.WithCancellation(cancel))
        {
            yield return new TestStepAnswer(step.Name, step.State, step.Milliseconds, step.Detail, step.Remedy, step.HostKey?.Fingerprint);
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
            await keys.PinOfferedKey(visitor.Organization, id, request.Fingerprint!, visitor.Actor, cancel);
        }

        return TypedResults.Ok(ServerAnswer.Of((await servers.Find(visitor.Organization, id, cancel))!));
    }
}

/// <param name="State"><c>passed</c>, <c>failed</c>, or <c>asks</c> for a person to compare the host key.</param>
/// <param name="Remedy">What to do next.</param>
internal sealed record TestStepAnswer(string Name, TestState State, double Milliseconds, string Detail, string? Remedy, string? HostKeyFingerprint);

internal sealed record HostKeyRequest
{
    /// SHA256:…, as compared by a person.
    [Required(ErrorMessage = "Send the fingerprint that was compared, SHA256:…")]
    public string? Fingerprint { get; init; }

    /// Why the key changed; needed to replace a pinned one.
    public string? Reason { get; init; }
}
