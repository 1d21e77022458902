using MedicineMan.Host.Audit;
using MedicineMan.Host.Data;
using MedicineMan.Host.Secrets;
using MedicineMan.Host.Servers;
using MedicineMan.Jobs;

namespace MedicineMan.Host.Plugins.Capabilities;

/// The rooms of the host that plugins are lent something of. A command that works without a database has none of them.
internal sealed record LentRooms(Database Database, AuditLog Audit, ServerStore Servers, ServerRunners Runners, SecretVault Vault, JobQueue Jobs);
