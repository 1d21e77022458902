using MedicineMan.Host.Access;
using MedicineMan.Host.Backups.Plans;
using MedicineMan.Host.Servers;

namespace MedicineMan.Host.Setup;

/// The steps from nothing to a proven backup. One Razor page each; whether a step is done is seen from the data, so that setup can
/// be left at any point and taken up again at <c>/setup</c>. A new step is one line here and one page.
internal sealed class SetupSteps(SetupState state, ServerStore servers, PlanStore plans)
{
    public static IReadOnlyList<SetupStep> All { get; } =
    [
        new("administrator", "Administrator", "/setup"),
        new("recovery-kit", "Recovery kit", "/setup/recovery-kit"),
        new("server", "First server", "/setup/server"),
        new("scan", "Scan", "/setup/scan"),
        new("protect", "Protect", "/setup/protect"),
        new("watch", "Proven", "/setup/watch"),
    ];

    /// The address of the first step that is not done, or home.
    public async Task<string> Next(Visitor visitor, CancellationToken cancel)
    {
        var done = await Done(visitor, cancel);
        return All.FirstOrDefault(step => !done.Contains(step.Id))?.Url ?? "/";
    }

    public async Task<IReadOnlySet<string>> Done(Visitor visitor, CancellationToken cancel)
    {
        var row = await state.Read(visitor.Organization, cancel);
        HashSet<string> done = ["administrator"];
        if (row.KitConfirmedAt is not null)
        {
            done.Add("recovery-kit");
        }

        var first = (await servers.Page(visitor.Organization, null, null, null, 50, cancel)).Items;
        if (first.Any(server => server.State == ServerState.Online))
        {
            done.Add("server");
        }

        // Only a scan writes down the system.
        if (first.Any(server => server.OsName is not null))
        {
            done.Add("scan");
        }

        var planned = (await plans.Page(visitor.Organization, null, null, 50, cancel)).Items;
        if (planned.Count > 0)
        {
            done.Add("protect");
        }

        if (planned.Any(plan => plan.LastProvenAt is not null))
        {
            done.Add("watch");
        }

        return done;
    }
}

internal sealed record SetupStep(string Id, string Title, string Url);
