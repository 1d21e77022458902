using MedicineMan.Host.Plugins.Capabilities.Net;
using MedicineMan.Host.Plugins.Capabilities.Servers;
using MedicineMan.Host.Plugins.Capabilities.Stores;
using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Sdk;
using Microsoft.Extensions.Logging;

namespace MedicineMan.Host.Plugins.Capabilities;

/// What the host lends plugins: servers, files, secrets, a store, series, jobs, HTTP, scratch folders and texts. Each version of a plugin gets
/// objects of its own, which check its grant at each call and refuse once the version is retired; so nothing of it is held here.
internal sealed class Lending(Refusals refusals, ScratchRoom scratch, ILoggerFactory loggers, TimeProvider clock, LentRooms? rooms = null, CommandSecrets? given = null)
{
    /// <exception cref="UserFacingException">This process has no database to lend anything of.</exception>
    public LentRooms Rooms => rooms ?? throw new UserFacingException("This command runs its plugins without servers, secrets and stores. Do the same in the running host.") { Permanent = true };

    /// Null where there is a vault.
    public CommandSecrets? Given => given;

    public PluginContext To(LoadedPlugin plugin, PluginPackage package, IReadOnlyList<Capability> granted)
    {
        var grant = new Grant(plugin, granted, refusals);
        var secrets = new LentSecrets(grant, this);
        return new PluginContext(
            grant,
            clock,
            plugin.Entry.Log.Over(loggers).CreateLogger($"Plugin.{plugin.Manifest.Id}@{plugin.Manifest.Version}"),
            new LentServers(grant, this, secrets),
            secrets,
            new LentStore(grant, this),
            new LentJobs(grant, this, clock),
            new LentSeries(grant, this),
            LentHttp.For(grant),
            scratch.For(grant),
            new Texts(package.Folder, grant));
    }
}
