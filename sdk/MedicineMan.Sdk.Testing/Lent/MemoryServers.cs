using System.Runtime.CompilerServices;
using MedicineMan.Host.Plugins.Capabilities.Servers;
using MedicineMan.Sdk.Commands;
using MedicineMan.Sdk.Servers;
using MedicineMan.Sdk.Testing.Hosting;

namespace MedicineMan.Sdk.Testing.Lent;

/// <summary>Servers that a test makes up: each with a runner, scripted or real, and files in memory.</summary>
public sealed class MemoryServers : IServers
{
    private readonly List<(ServerSummary Summary, ICommandRunner Runner, MemoryFiles Files)> servers = [];

    internal Grant? Grant { get; set; }

    /// <summary>Adds a server and gives its files, to put some in.</summary>
    /// <param name="name">Its name, and its id as well.</param>
    /// <param name="runner">Answers the commands; null for a server that answers none.</param>
    /// <param name="tags">As an operator gave them.</param>
    public MemoryFiles Add(string name, ICommandRunner? runner = null, params IReadOnlyList<string> tags)
    {
        var files = new MemoryFiles { Need = capability => Grant?.Need(capability) };
        servers.Add((new ServerSummary(name, name, null, tags), runner ?? new ScriptedRunner(), files));
        return files;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ServerSummary> ListAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        Grant?.Need("targets:read");
        foreach (var (summary, _, _) in servers.OrderBy(one => one.Summary.Name, StringComparer.Ordinal))
        {
            cancel.ThrowIfCancellationRequested();
            yield return summary;
        }

        await Task.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<ICommandRunner> RunnerAsync(string serverId, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        Grant?.Need("targets:read");
        var runner = Find(serverId).Runner;
        return ValueTask.FromResult(Grant is null ? runner : new GrantedRunner(Grant, runner));
    }

    /// <inheritdoc/>
    public ValueTask<IServerFiles> FilesAsync(string serverId, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        Grant?.Need("targets:read");
        return ValueTask.FromResult<IServerFiles>(Find(serverId).Files);
    }

    private (ServerSummary Summary, ICommandRunner Runner, MemoryFiles Files) Find(string id) => servers.Find(one => one.Summary.Id == id) is { Summary: not null } found
        ? found
        : throw new UserFacingException($"There is no server {id}.");
}

/// <summary>Starts only the programs that the manifest names under <c>exec</c>.</summary>
internal sealed class GrantedRunner(Grant grant, ICommandRunner runner) : ICommandRunner
{
    public string ServerId => runner.ServerId;

    public ValueTask<ICommand> StartAsync(CommandSpec command, CancellationToken cancel) =>
        ProgramNames.Fits(grant.Need("exec").ToHashSet(StringComparer.Ordinal), command.File)
            ? runner.StartAsync(command, cancel)
            : throw grant.Refuse("exec", $"plugin.json does not name the program {command.File} in its scope.");
}
