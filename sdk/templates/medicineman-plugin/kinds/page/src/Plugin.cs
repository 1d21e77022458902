using Acme.Sample;
using MedicineMan.Sdk;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

[assembly: MedicineManPlugin(typeof(Plugin))]

namespace Acme.Sample;

/// <summary>A route, a job and a card, each in one line.</summary>
public sealed class Plugin : IPlugin
{
    public void Configure(IPluginBuilder plugin)
    {
        plugin.Services.AddSingleton<Visits>();
        plugin.Routes(routes => routes.MapGet("/visits", async (Visits visits, CancellationToken cancel) => $"{await visits.CountAsync(cancel)} visits"));
        plugin.Job<Visit, VisitArguments>("visit", SampleJson.Default.VisitArguments);
        plugin.Fragment("visits", VisitsCard.Model);
    }
}
