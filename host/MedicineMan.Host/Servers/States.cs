using MedicineMan.Host.Shell;
using Microsoft.AspNetCore.Html;

namespace MedicineMan.Host.Servers;

/// A server's state as people see it: a word, a drawing and a colour.
internal static class States
{
    public static IHtmlContent Of(Icons icons, ServerRow server) => server switch
    {
        { HostKeyPending: true } => State.Draw(icons, "bad", "fingerprint", "Host key changed"),
        { State: ServerState.Online } => State.Draw(icons, "good", "circle-check", "Online"),
        { State: ServerState.Reachable } => State.Draw(icons, "warn", "alert-circle", "Reachable"),
        { State: ServerState.Failed } => State.Draw(icons, "bad", "circle-x", "Failed"),
        _ => State.Draw(icons, "none", "circle-dashed", "Not tried yet"),
    };
}
