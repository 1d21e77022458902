using System.CommandLine;
using MedicineMan.Host.Api;
using MedicineMan.Host.Cli.Wire;

namespace MedicineMan.Host.Cli;

internal static class PluginCommands
{
    public static Command Create()
    {
        var list = new Command("list", "Lists the plugins.").Does((_, host, output, cancel) => output.List(
            host.All<PluginAnswer>("plugins", cancel),
            "No plugin.",
            ("PLUGIN", plugin => plugin.Id), ("NAME", plugin => plugin.Name), ("VERSION", plugin => plugin.Version), ("STATE", plugin => plugin.State.ToString().ToLowerInvariant()),
            ("WITH", plugin => string.Join(", ", plugin.Contributions)), ("PROBLEM", plugin => plugin.Reason)));
        return new Command("plugin", "Plugins.") { list, PluginSettingsCommands.Create() }.ThroughTheDoor();
    }
}
