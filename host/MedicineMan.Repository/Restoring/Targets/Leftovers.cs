using MedicineMan.Repository.Files;
using MedicineMan.Repository.Format;

namespace MedicineMan.Repository.Restoring.Targets;

/// <summary>Removes what a snapshot does not have. Links are removed and not followed, and what is mounted below stays.</summary>
internal sealed class Leftovers(RestoreOptions options, Selection selection, Tally tally, Action<string> problem)
{
    /// <summary>Removes from a folder what it has beyond these names, as far as it is chosen.</summary>
    public void Remove(Place place, IReadOnlySet<string> wanted, CancellationToken cancel)
    {
        if (place.IsNew || place.Look() is not { } folder)
        {
            return;
        }

        foreach (var name in folder.Names().Where(name => !wanted.Contains(name)))
        {
            cancel.ThrowIfCancellationRequested();
            Remove(folder, name, [.. place.Source, name], cancel);
        }
    }

    /// <summary>Removes a folder that stands where something else goes.</summary>
    /// <returns>False when some of it stays.</returns>
    public bool RemoveInTheWay(RestoredFolder folder, string name, string[] source, CancellationToken cancel) => Remove(folder, name, source, cancel);

    private bool Remove(RestoredFolder folder, string name, string[] source, CancellationToken cancel)
    {
        try
        {
            if (folder.Facts(name) is not { } facts)
            {
                return true;
            }

            var isFolder = GoMode.FromUnix(facts.Mode).Type is "dir";
            if ((isFolder && !Empty(folder, name, source, cancel)) || !(selection.IsAll || selection.Of(source).Chosen))
            {
                return false;
            }

            if (!options.DryRun)
            {
                folder.Remove(name, isFolder);
            }

            tally.Done(RestoreAction.Removed, folder.PathOf(name), isFolder ? 0 : (long)facts.Size, isFile: false);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            problem($"{folder.PathOf(name)} was not removed. {failure.Message}");
            return false;
        }
    }

    // False when something in it stays.
    private bool Empty(RestoredFolder folder, string name, string[] source, CancellationToken cancel)
    {
        using var child = folder.Enter(name);
        if (child.Facts(".")!.Value.Device != folder.Facts(".")!.Value.Device)
        {
            problem($"{folder.PathOf(name)} was not removed: another file system is mounted there.");
            return false;
        }

        var isEmpty = true;
        foreach (var entry in child.Names())
        {
            cancel.ThrowIfCancellationRequested();
            isEmpty &= Remove(child, entry, [.. source, entry], cancel);
        }

        return isEmpty;
    }
}
