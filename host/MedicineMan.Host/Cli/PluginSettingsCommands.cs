using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedicineMan.Host.Cli.Show;
using MedicineMan.Host.Cli.Wire;
using MedicineMan.Host.Plugins.Settings;
using MedicineMan.Host.Plugins.Settings.Forms;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli;

internal static class PluginSettingsCommands
{
    private static readonly Argument<string> Id = new("plugin") { Description = "Id of the plugin, for instance medicineman.postgres." };

    public static Command Create() => new("settings", "Settings of a plugin: get, set.") { Get(), Set() };

    private static Command Get() => new Command("get", "Shows the settings; of a secret only whether it is set.") { Id }.Does(async (parsed, host, output, cancel) =>
        Show(output, await host.Get<PluginSettingsAnswer>(Address(parsed), cancel)));

    private static Command Set()
    {
        var anyway = new Option<bool>("--anyway") { Description = "Save also when the plugin's own test fails." };
        return new Command("set", "Reads a JSON object from standard input and changes the settings it names; null removes one. There no secret stands in a command line.") { Id, anyway }.Does(async (parsed, host, output, cancel) =>
        {
            var settings = (await host.Get<PluginSettingsAnswer>(Address(parsed), cancel)).Settings.DeepClone().AsObject();
            foreach (var (field, value) in Read(await Console.In.ReadToEndAsync(cancel)))
            {
                settings[field] = value?.DeepClone();
            }

            return Show(output, await host.Put<PluginSettingsAnswer>(Address(parsed), new PluginSettingsRequest { Settings = settings, Anyway = parsed.GetValue(anyway) }, cancel));
        });
    }

    private static string Address(ParseResult parsed) => $"plugins/{Uri.EscapeDataString(parsed.GetValue(Id)!)}/settings";

    private static JsonObject Read(string json)
    {
        try
        {
            return JsonNode.Parse(json) as JsonObject ?? throw new JsonException();
        }
        catch (JsonException unreadable)
        {
            throw new UserFacingException("Standard input holds no JSON object. Send for instance {\"port\": 465}.", unreadable);
        }
    }

    private static int Show(Output output, PluginSettingsAnswer answer) => output.One(answer, [("plugin", answer.Plugin), .. answer.Settings.Select(one => (one.Key, (string?)SettingsField.Text(one.Value)))]);
}
