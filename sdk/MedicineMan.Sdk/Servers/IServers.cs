using MedicineMan.Sdk.Commands;

namespace MedicineMan.Sdk.Servers;

/// <summary>The servers Medicine Man looks after. Needs the capability <c>targets:read</c>, and <c>exec</c> for commands.</summary>
public interface IServers
{
    /// <summary>All servers of the organisation, by name.</summary>
    IAsyncEnumerable<ServerSummary> ListAsync(CancellationToken cancel);

    /// <summary>A runner for commands on a server. Only programs that the manifest names under <c>exec</c> start.</summary>
    ValueTask<ICommandRunner> RunnerAsync(string serverId, CancellationToken cancel);

    /// <summary>Files of a server. Needs <c>files:read</c>, and <c>files:write</c> to write.</summary>
    ValueTask<IServerFiles> FilesAsync(string serverId, CancellationToken cancel);
}

/// <summary>A server, as a plugin may know it.</summary>
/// <param name="Id">The host's id.</param>
/// <param name="Name">What a person reads.</param>
/// <param name="System">Operating system as the last scan found it; null before.</param>
/// <param name="Tags">As an operator gave them.</param>
public sealed record ServerSummary(string Id, string Name, string? System, IReadOnlyList<string> Tags);
