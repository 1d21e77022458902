using System.Runtime.CompilerServices;
using MedicineMan.Host.Access;
using MedicineMan.Host.Servers.Ssh;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Servers;

/// A connection test whose outcome is kept with the server: the host key it was shown, and how the contact ended.
internal sealed class RecordedTest(ServerStore servers, ServerRunners runners, HostKeyStore hostKeys, ConnectionTest test)
{
    /// Each step as soon as it is known; what could not even begin is a failed step as well.
    public async IAsyncEnumerable<TestStep> Run(Visitor visitor, Server server, [EnumeratorCancellation] CancellationToken cancel)
    {
        TestStep? last = null;
        SshTarget? target = null;
        if (!server.IsLocal)
        {
            try
            {
                target = await runners.Target(visitor.Organization, server, visitor.Actor, $"connection test of {server.Name}", cancel);
            }
            catch (UserFacingException failed)
            {
                last = new TestStep("Start", TestState.Failed, 0, failed.Message, null);
            }

            if (last is not null)
            {
                yield return last;
            }
        }

        if (last is null)
        {
            await foreach (var step in (target is null ? test.RunLocal(cancel) : test.Run(target, cancel)).WithCancellation(cancel))
            {
                last = step;
                await Keep(visitor, server, step, cancel);
                yield return step;
            }
        }

        var state = last?.State switch { TestState.Passed => ServerState.Online, TestState.Asks => ServerState.Reachable, _ => ServerState.Failed };
        await servers.RecordContact(visitor.Organization, server.Id, state, last?.State == TestState.Passed ? null : last?.Detail, cancel);
    }

    private Task Keep(Visitor visitor, Server server, TestStep step, CancellationToken cancel) => step switch
    {
        { State: TestState.Failed, HostKey: { } offered } when server.Pinned is { } pinned =>
            hostKeys.RecordChangedKey(visitor.Organization, server.Id, new ChangedHostKeyException(server.Name, pinned, offered), cancel),
        { State: TestState.Asks, HostKey: { } offered } => hostKeys.RecordOfferedKey(visitor.Organization, server.Id, offered, cancel),
        _ => Task.CompletedTask,
    };
}
