using MedicineMan.Host.Access;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Plugins.Packages;

/// Plugins run with the rights of the whole installation, so an administrator of its first organisation decides on them, and of no other.
internal static class PluginRights
{
    public static Actor Administrator(this Visitor visitor)
    {
        visitor.Demand(Role.Admin);
        return visitor.Organization == OrganizationId.Default ? visitor.Actor : throw new UserFacingException(
            "Plugins belong to the whole installation. Ask an administrator of its first organisation.") { Permanent = true };
    }
}
