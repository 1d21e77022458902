using System.Net;
using MedicineMan.Host.Api;

namespace MedicineMan.Host.Cli.Wire;

/// Finds what people call by its name, or by its id.
internal static class Things
{
    public static Task<ServerAnswer> Server(this HostClient host, string name, CancellationToken cancel) =>
        Named<ServerAnswer>(host, "server", $"servers/{Uri.EscapeDataString(name)}", $"servers?search={Uri.EscapeDataString(name)}", name, server => server.Name, cancel);

    public static Task<PlanAnswer> Plan(this HostClient host, string name, CancellationToken cancel) =>
        Named<PlanAnswer>(host, "plan", $"plans/{Uri.EscapeDataString(name)}", "plans", name, plan => plan.Name, cancel);

    public static Task<RepositoryAnswer> Repository(this HostClient host, string name, CancellationToken cancel) =>
        Named<RepositoryAnswer>(host, "repository", $"repositories/{Uri.EscapeDataString(name)}", "repositories", name, repository => repository.Name, cancel);

    private static async Task<T> Named<T>(HostClient host, string noun, string byId, string all, string name, Func<T, string> nameOf, CancellationToken cancel)
        where T : class
    {
        if (await host.Find<T>(byId, cancel) is { } known)
        {
            return known;
        }

        await foreach (var thing in host.All<T>(all, cancel))
        {
            if (nameOf(thing) == name)
            {
                return thing;
            }
        }

        throw new RefusedException(HttpStatusCode.NotFound, $"There is no {noun} \"{name}\". See: medicineman {noun} list");
    }
}
