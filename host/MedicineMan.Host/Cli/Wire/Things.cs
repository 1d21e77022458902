using System.Net;
using System.Text.Json.Nodes;
using MedicineMan.Host.Api;
using MedicineMan.Host.Schedules;

namespace MedicineMan.Host.Cli.Wire;

/// Finds what people call by its name, or by its id.
internal static class Things
{
    public static Task<ServerAnswer> Server(this HostClient host, string name, CancellationToken cancel) =>
        Named<ServerAnswer>(host, "server", $"servers/{Uri.EscapeDataString(name)}", $"servers?search={Uri.EscapeDataString(name)}", name, server => server.Name, cancel);

    public static Task<PlanAnswer> Plan(this HostClient host, string name, CancellationToken cancel) =>
        Named<PlanAnswer>(host, "plan", $"plans/{Uri.EscapeDataString(name)}", "plans", name, plan => plan.Name, cancel);

    public static Task<ScheduleAnswer> Schedule(this HostClient host, string name, CancellationToken cancel) =>
        Named<ScheduleAnswer>(host, "schedule", $"schedules/{Uri.EscapeDataString(name)}", "schedules", name, schedule => schedule.Name, cancel);

    /// A folder that no repository lies in yet gets a new one: so a first backup needs no page.
    public static async Task<RepositoryAnswer> Repository(this HostClient host, string nameOrFolder, CancellationToken cancel)
    {
        if (!nameOrFolder.StartsWith('/'))
        {
            return await Named<RepositoryAnswer>(host, "repository", $"repositories/{Uri.EscapeDataString(nameOrFolder)}", "repositories", nameOrFolder, repository => repository.Name, cancel);
        }

        await foreach (var known in host.All<RepositoryAnswer>("repositories", cancel))
        {
            if (known.Place == nameOrFolder)
            {
                return known;
            }
        }

        var request = new RepositoryRequest { Name = nameOrFolder, Kind = "local", Settings = new JsonObject { ["path"] = nameOrFolder } };
        return await host.Post<RepositoryAnswer>("repositories", request, cancel);
    }

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

        throw new RefusedException(HttpStatusCode.NotFound, $"There is no {noun} \"{name}\". {(noun == "repository" ? "Give the absolute path of a folder to make one there." : $"See: medicineman {noun} list")}");
    }
}
