using System.CommandLine;
using MedicineMan.Host.Api;
using MedicineMan.Host.Cli.Show;
using MedicineMan.Host.Cli.Wire;

namespace MedicineMan.Host.Cli;

internal static class RegistryCommands
{
    private static readonly Argument<string> Id = new("registry") { Description = "Id of the registry." };

    public static Command Create() => new("registry", "Registries that plugins come from: list, add, refresh, trust, remove.") { List(), Add(), Refresh(), Trust(), Remove() };

    private static Command List() => new Command("list", "Lists the registries.").Does((_, host, output, cancel) => output.List(
        host.All<RegistryAnswer>("plugins/registries", cancel), "No registry was added.",
        ("ID", registry => registry.Id), ("NAME", registry => registry.Name), ("AT", registry => registry.Location), ("KEY", registry => registry.Key), ("NEW KEY", registry => registry.OfferedKey),
        ("CHECKED", registry => Output.Time(registry.CheckedAt)), ("PROBLEM", registry => registry.Error)));

    private static Command Add()
    {
        var location = new Argument<string>("location") { Description = "An https address, or the absolute path of a file on the server." };
        return new Command("add", "Adds a registry and pins the key it is signed with.") { location }.Does(async (parsed, host, output, cancel) =>
            Show(output, await host.Post<RegistryAnswer>("plugins/registries", new RegistryRequest { Location = parsed.GetValue(location) }, cancel)));
    }

    private static Command Refresh() => new Command("refresh", "Fetches a registry again.") { Id }.Does(async (parsed, host, output, cancel) =>
        Show(output, await host.Post<RegistryAnswer>($"plugins/registries/{Uri.EscapeDataString(parsed.GetValue(Id)!)}/refresh", null, cancel)));

    private static Command Trust()
    {
        var fingerprint = new Argument<string>("fingerprint") { Description = "Of the new key, SHA256:…, as you compared it." };
        return new Command("trust", "Trusts the new key a registry showed.") { Id, fingerprint }.Does(async (parsed, host, output, cancel) =>
            Show(output, await host.Post<RegistryAnswer>($"plugins/registries/{Uri.EscapeDataString(parsed.GetValue(Id)!)}/trust", new TrustRequest { Fingerprint = parsed.GetValue(fingerprint) }, cancel)));
    }

    private static Command Remove() => new Command("remove", "Forgets a registry; what was installed from it stays.") { Id }.Does(async (parsed, host, output, cancel) =>
    {
        await host.Delete($"plugins/registries/{Uri.EscapeDataString(parsed.GetValue(Id)!)}", cancel);
        output.Remark("The registry is forgotten.");
        return 0;
    });

    private static int Show(Output output, RegistryAnswer registry) =>
        output.One(registry, ("id", registry.Id), ("name", registry.Name), ("key", registry.Key), ("new key", registry.OfferedKey), ("problem", registry.Error));
}
