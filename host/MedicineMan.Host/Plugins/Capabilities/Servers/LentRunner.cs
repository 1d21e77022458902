using MedicineMan.Sdk.Commands;

namespace MedicineMan.Host.Plugins.Capabilities.Servers;

/// A runner in a plugin's hands: it starts the programs that the plugin's scope of "exec" names, and nothing else. What the host itself wraps
/// around a command is none of that.
/// <param name="handed">Secrets that came with the runner; null for those of the present call.</param>
/// <param name="runAs">A user that an operator chose for this work, who needs no further leave.</param>
internal sealed class LentRunner(ICommandRunner inner, Grant grant, LentSecrets secrets, HandedSecrets? handed = null, string? runAs = null) : ICommandRunner
{
    // Each lets a command name another program than the one it seems to start, or run it as another user.
    private static readonly string[] Elevating = ["sudo", "su", "doas", "runuser", "pkexec"];
    private static readonly string[] Steering = ["PATH", "ENV", "BASH_ENV", "IFS", "SHELLOPTS", "BASHOPTS", "PS4"];

    public string ServerId => inner.ServerId;

    public async ValueTask<ICommand> StartAsync(CommandSpec command, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(command);
        // Copied, so that what is checked is what runs, whatever the plugin's own lists do.
        var checkedSpec = command with { Arguments = [.. command.Arguments], Files = [.. command.Files], Environment = new Dictionary<string, string>(command.Environment) };
        await Check(checkedSpec, cancel);
        return await LentCommand.Start(inner, checkedSpec, grant, cancel);
    }

    private async ValueTask Check(CommandSpec command, CancellationToken cancel)
    {
        var programs = await grant.Need("exec", $"start {command.File}");
        var name = command.File[(command.File.LastIndexOf('/') + 1)..];
        if (!ProgramNames.Fits(programs, command.File))
        {
            throw await grant.Refuse("exec", $"{grant.Name} may start {(programs.Count == 0 ? "no program at all" : string.Join(", ", programs.Order(StringComparer.Ordinal)))}, and {command.File} is not among them.");
        }

        if (command.Environment.Keys.FirstOrDefault(key => Steering.Contains(key) || key.StartsWith("LD_", StringComparison.Ordinal)) is { } steering)
        {
            throw await grant.Refuse("exec", $"the environment variable {steering} would have {command.File} start other programs than those that were granted.");
        }

        if ((command.RunAs is { } user && user != runAs) || Elevating.Contains(name))
        {
            await grant.Need("exec:sudo", $"start {command.File} as {command.RunAs ?? "another user"}");
        }

        foreach (var secret in command.Files.Select(file => file.Secret).OfType<Sdk.Secrets.SecretRef>())
        {
            await secrets.Check(secret, handed ?? HandedSecrets.To(grant), cancel);
        }
    }
}
