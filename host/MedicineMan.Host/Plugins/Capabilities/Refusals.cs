using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;
using Microsoft.Extensions.Logging;

namespace MedicineMan.Host.Plugins.Capabilities;

/// Writes refusals into the audit trail, at most one a minute for each plugin and capability: a plugin that keeps asking must not fill it.
internal sealed partial class Refusals(TimeProvider clock, ILogger<Refusals> log, LentRooms? rooms = null)
{
    public const string Action = "plugin.refused";

    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly Dictionary<(string Plugin, string Capability), DateTimeOffset> told = [];

    public async ValueTask Record(Grant grant, string capability, string reason)
    {
        Log.Refused(log, grant.PluginId, capability, reason);
        if (rooms is null || !IsDue((grant.PluginId, capability)))
        {
            return;
        }

        try
        {
            var entry = new AuditEntry(Action, "plugin", grant.PluginId, grant.Name)
            {
                Detail = new Dictionary<string, string> { ["capability"] = capability, ["reason"] = reason, ["version"] = grant.Manifest.Version },
            };
            // Not by the plugin's token: what it cancels would then go unrecorded.
            await rooms.Database.Write(transaction => rooms.Audit.Record(transaction, OrganizationId.Default, grant.Actor, entry, CancellationToken.None), CancellationToken.None);
        }
        catch (Exception failure)
        {
            // The refusal stands all the same.
            Log.NotRecorded(log, failure, grant.PluginId);
        }
    }

    private bool IsDue((string Plugin, string Capability) what)
    {
        var now = clock.GetUtcNow();
        lock (gate)
        {
            if (told.TryGetValue(what, out var last) && now - last < Quiet)
            {
                return false;
            }

            told[what] = now;
            return true;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Plugin {Plugin} was refused {Capability}: {Reason}")]
        public static partial void Refused(ILogger log, string plugin, string capability, string reason);

        [LoggerMessage(Level = LogLevel.Error, Message = "A refusal of plugin {Plugin} could not be written into the audit trail")]
        public static partial void NotRecorded(ILogger log, Exception failure, string plugin);
    }
}
