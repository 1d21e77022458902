using MedicineMan.Sdk;
using MedicineMan.TestPlugins.Curious;

[assembly: MedicineManPlugin(typeof(CuriousPlugin))]

namespace MedicineMan.TestPlugins.Curious;

/// <summary>Calls everything that the host lends, as it is told to.</summary>
public sealed class CuriousPlugin : IPlugin
{
    /// <inheritdoc />
    public void Configure(IPluginBuilder plugin)
    {
        ArgumentNullException.ThrowIfNull(plugin);
        plugin.Job<Note, NoteArguments>("note", CuriousJson.Default.NoteArguments);
        plugin.Schedule("note", () => new NoteArguments("from the clock"));
        plugin.Permission("look-around");
        plugin.On<Ear>("server.added");
        plugin.Provide<Pulse>("pulse");
        plugin.Provide<Bell>("bell");
        plugin.Provide<Cumulus>("cumulus");
        plugin.Provide<Book>("book");
        plugin.Provide<Notes>("notes");
        plugin.Routes(CuriousRoutes.Map);
    }
}
