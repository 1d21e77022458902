using MedicineMan.Host.Access;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Plugins.Packages;

namespace MedicineMan.Host.Plugins.Faults;

/// What a person does about a plugin that fails; audited.
internal sealed class FaultActions(Database database, AuditLog audit, PluginCatalogue catalogue, PluginInstaller installer, Quarantine quarantine)
{
    /// Calls a resting plugin again at once.
    public async Task Resume(Visitor visitor, string id, CancellationToken cancel)
    {
        await Record(visitor.Administrator(), id, "plugin.resumed", cancel);
        catalogue.Entry(id)?.Breaker.Reset();
    }

    /// Loads a quarantined plugin again.
    public async Task Release(Visitor visitor, string id, CancellationToken cancel)
    {
        var actor = visitor.Administrator();
        await Record(actor, id, "plugin.released", cancel);
        quarantine.Release(id);
        await installer.Enable(actor, id, cancel);
    }

    private Task Record(Actor actor, string id, string action, CancellationToken cancel) =>
        database.Write(transaction => audit.Record(transaction, OrganizationId.Default, actor, new AuditEntry(action, "plugin", id, catalogue.Find(id)?.Name ?? id), cancel), cancel);
}
