using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Plugins.Packages.Registries;

/// Where a registry and its packages may lie: behind https, or in files of this machine.
internal static class RegistryPlace
{
    /// <exception cref="UserFacingException">It is neither.</exception>
    public static Uri Parse(string location) =>
        Path.IsPathFullyQualified(location) ? new Uri(Path.GetFullPath(location))
        : Uri.TryCreate(location, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps && url.UserInfo.Length == 0 ? url
        : throw new UserFacingException($"{location} is no place of a registry. Write an https address, or the absolute path of a file on this machine.");

    /// A registry behind https never points into the files of this machine.
    public static Uri Package(KnownRegistry registry, RegistryVersion version) =>
        Uri.TryCreate(registry.Place, version.Url, out var url) && (url.Scheme == Uri.UriSchemeHttps || (url.IsFile && registry.Place.IsFile))
            ? url
            : throw new PluginRefusedException(new PluginProblem(
                "MM1047", $"The registry {registry.Registry.Name} names {version.Url} as a package.", "Packages are fetched over https, or from files beside a registry that is a file.", "Tell those who publish the registry."));
}
