using MedicineMan.Host.Access;
using MedicineMan.Host.Audit;

namespace MedicineMan.Host.Plugins.Packages;

/// Plugins run with the rights of the whole installation, so an administrator of its first organisation decides on them, and of no other. Pages
/// and endpoints ask for <see cref="Policies.Installation"/>; this is the second lock, where the deed is done.
internal static class PluginRights
{
    public static Actor Administrator(this Visitor visitor)
    {
        visitor.Demand(Role.Admin);
        return visitor.RunsInstallation ? visitor.Actor : throw new PermissionMissingException(Role.Admin, installation: true);
    }
}
