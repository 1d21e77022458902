using MedicineMan.Host.Access;
using MedicineMan.Host.Servers;

namespace MedicineMan.Host.Setup;

/// The steps from nothing to a proven backup. One Razor page each; whether a step is done is seen from the data, so that setup can
/// be left at any point and taken up again at <c>/setup</c>. A new step is one line here and one page.
internal sealed class SetupSteps(SetupState state, ServerStore servers)
{
    public static IReadOnlyList<SetupStep> All { get; } =
    [
        new("administrator", "Administrator", "/setup"),
        new("recovery-kit", "Recovery kit", "/setup/recovery-kit"),
        new("server", "First server", "/setup/server"),
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

        if ((await servers.Page(visitor.Organization, null, null, null, 50, cancel)).Items.Any(server => server.State == ServerState.Online))
        {
            done.Add("server");
        }

        return done;
    }
}

internal sealed record SetupStep(string Id, string Title, string Url);
