namespace MedicineMan.Host.Plugins.Fragments;

/// Markup the host made itself: the only value that a template writes without encoding.
internal sealed class SafeHtml(string value)
{
    public override string ToString() => value;
}
