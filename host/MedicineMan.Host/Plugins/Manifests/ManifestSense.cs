using MedicineMan.Host.Plugins.Capabilities.Net;
using MedicineMan.Host.Plugins.Packages.Reach;
using MedicineMan.Host.Schedules.Times;

namespace MedicineMan.Host.Plugins.Manifests;

/// What a manifest can say in the right form and still not mean.
internal static class ManifestSense
{
    public static IEnumerable<string> Problems(PluginManifest manifest, IReadOnlyCollection<string> roles) =>
    [
        .. manifest.Jobs.Where(job => job.Cron is not null && !Cron.IsValid(job.Cron))
            .Select(job => $"contributes.jobs has the cron \"{job.Cron}\" for \"{job.Id}\"; five fields such as \"*/15 * * * *\" are expected, in UTC."),
        .. manifest.Permissions.Where(permission => roles.Contains(permission.Id))
            .Select(permission => $"contributes.permissions names \"{permission.Id}\", which is a role of the host's."),
        .. manifest.Routes.Where(route => route.Permission.Length > 0 && !roles.Contains(route.Permission) && manifest.Permissions.All(permission => permission.Id != route.Permission))
            .Select(route => $"contributes.routes asks for \"{route.Permission}\" at {route.Method} {route.Path}; one of {string.Join(", ", roles)} or of contributes.permissions is expected."),
        .. manifest.Capabilities.Where(capability => capability.Name == "net").SelectMany(capability => capability.Scope).Where(host => !NetScope.IsValid(host))
            .Select(host => $"capabilities names the host \"{host}\"; a name with an optional port is expected, with * as its first label at most."),
        .. manifest.Capabilities.Where(capability => capability.Name == ReachRules.Capability).SelectMany(capability => capability.Scope).Where(scope => !ReachRules.Scopes.Contains(scope))
            .Select(scope => $"capabilities names \"{scope}\" under \"native\"; one of {string.Join(", ", ReachRules.Scopes)} is expected."),
        .. manifest.Capabilities.Where(capability => capability.Name == ReachRules.Capability && capability.Optional)
            .Select(_ => "capabilities has \"native\" as optional; nothing can hold code back that goes past the host, so it is needed or not asked for."),
    ];
}
