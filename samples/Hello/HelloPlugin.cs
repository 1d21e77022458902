using MedicineMan.Samples.Hello;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

[assembly: MedicineManPlugin(typeof(HelloPlugin))]

namespace MedicineMan.Samples.Hello;

/// <summary>The front door: a route, a job and a card, each in one line.</summary>
public sealed class HelloPlugin : IPlugin
{
    /// <inheritdoc />
    public void Configure(IPluginBuilder plugin)
    {
        ArgumentNullException.ThrowIfNull(plugin);
        plugin.Services.AddSingleton<Greetings>();
        plugin.Routes(routes => routes.MapGet("/greeting", (Greetings greetings) => greetings.For("world")));
        plugin.Job<Greet, GreetArguments>("greet", HelloJson.Default.GreetArguments);
        plugin.Fragment("greeting", GreetingFragment.Model);
    }
}
