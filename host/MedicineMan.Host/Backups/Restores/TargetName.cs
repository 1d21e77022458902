using MedicineMan.Sdk;

namespace MedicineMan.Host.Backups.Restores;

/// Names for what is restored. With several databases at once the name is a pattern: <c>{item}</c> stands for each one's own name.
internal static class TargetName
{
    public const string Item = "{item}";

    public static string For(string pattern, string item) => pattern.Replace(Item, item, StringComparison.Ordinal);

    /// Refuses a pattern under which several restores would take one name, and replacing more than one at a time: that wants a name typed for each.
    public static void MustFit(string pattern, int items, bool replaces)
    {
        if (items > 1 && !pattern.Contains(Item, StringComparison.Ordinal))
        {
            throw new UserFacingException($"{items} are restored at once: put {Item} into the name, for instance \"{Item}_restored\", so that each gets a name of its own. Nothing was changed.");
        }

        if (items > 1 && replaces)
        {
            throw new UserFacingException("Existing databases are replaced one at a time, so that each name is typed. Choose one. Nothing was changed.");
        }
    }
}
