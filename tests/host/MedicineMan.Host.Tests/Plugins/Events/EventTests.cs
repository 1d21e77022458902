using Dapper;
using MedicineMan.Host.Data;
using MedicineMan.Host.Plugins.Events;
using MedicineMan.Host.Tests.Plugins.Capabilities;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Plugins.Events;

/// The audit trail is what plugins hear of.
public sealed class EventTests
{
    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_handler_hears_of_its_events_once_from_when_it_came_and_over_versions(bool postgres)
    {
        await using var curious = await CuriousHost.Start(postgres);
        await curious.Add("before");
        await Begun(curious);

        await curious.Add("first");
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Pump(curious)));
        await curious.Load();
        await curious.Add("second");
        await Eventually.Holds(async () => await Heard(curious, "second") != "nothing");
        await Pump(curious);

        Assert.Equal(("server.added by Medicine Man;", "server.added by Medicine Man;", "nothing"),
            (await Heard(curious, "first"), await Heard(curious, "second"), await Heard(curious, "this machine")));
    }

    [Fact]
    public async Task An_event_on_which_a_handler_fails_comes_again_a_few_times_and_is_then_passed_over()
    {
        await using var curious = await CuriousHost.Start();
        await Begun(curious);
        await curious.Add("deaf");
        await curious.Add("after");

        await Eventually.Holds(async () =>
        {
            await Hurry(curious);
            return await Heard(curious, "after") != "nothing";
        });

        Assert.Equal(string.Concat(Enumerable.Repeat("server.added by Medicine Man;", EventPump.MostAttempts)), await Heard(curious, "deaf"));
        Assert.Equal("server.added by Medicine Man;", await Heard(curious, "after"));
        Assert.Equal(EventPump.MostAttempts + 1, curious.Status.Faults);
        Assert.Contains("Ear failed 5 times", curious.Status.LatestFaults[0].Message, StringComparison.Ordinal);
    }

    private static Task Pump(CuriousHost curious) => curious.Host.Get<EventPump>().Pump(CancellationToken.None);

    private static Task<string> Heard(CuriousHost curious, string server) => curious.Ask("store", ("key", $"heard:{server}"));

    /// The position is written when the pump first sees the handler.
    private static async Task Begun(CuriousHost curious)
    {
        await Pump(curious);
        await using var connection = await curious.Host.Get<Database>().OpenRead(CancellationToken.None);
        Assert.Equal(1, await connection.ExecuteScalarAsync<long>("select count(*) from plugin_event_positions"));
    }

    /// Ends the pause before the next attempt.
    private static async Task Hurry(CuriousHost curious)
    {
        await curious.Host.Get<Database>().Write(transaction => transaction.Connection!.ExecuteAsync("update plugin_event_positions set due_at = 0", transaction: transaction), CancellationToken.None);
        await Pump(curious);
    }
}
