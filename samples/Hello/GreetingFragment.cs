using MedicineMan.Sdk.Ui;
using Microsoft.Extensions.DependencyInjection;

namespace MedicineMan.Samples.Hello;

/// The data of the dashboard's card; Templates/greeting.html draws it.
internal static class GreetingFragment
{
    public static ValueTask<UiModel> Model(FragmentContext context, CancellationToken cancel)
    {
        var greetings = context.Services.GetRequiredService<Greetings>();
        return ValueTask.FromResult(new UiModel
        {
            ["name"] = greetings.Last,
            ["now"] = greetings.Now,
            ["link"] = "/plugins/samples.hello/greeting",
        });
    }
}
