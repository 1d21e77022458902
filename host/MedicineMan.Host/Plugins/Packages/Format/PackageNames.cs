using System.Text.RegularExpressions;

namespace MedicineMan.Host.Plugins.Packages.Format;

/// Which names a file in a package may have: plain relative paths that mean the same on every system.
internal static partial class PackageNames
{
    private const int Longest = 200;

    // A device of the other system opens as one wherever it stands and whatever its ending.
    private static readonly HashSet<string> Devices = new(
        ["CON", "PRN", "AUX", "NUL", .. Enumerable.Range(1, 9).SelectMany(number => new[] { $"COM{number}", $"LPT{number}" })], StringComparer.OrdinalIgnoreCase);

    /// <returns>Null for a good name, else what is wrong with it.</returns>
    public static string? Fault(string name) =>
        name.Length is 0 or > Longest ? $"which has {name.Length} letters"
        : name.StartsWith('/') || name.Contains('\\', StringComparison.Ordinal) || name.Contains(':', StringComparison.Ordinal) ? "which is not relative to the plugin's folder"
        : name.Split('/').Any(part => part is "." or "..") ? "which leads out of the plugin's folder"
        : !Plain().IsMatch(name) || name.Split('/').Any(part => part.EndsWith('.') || Devices.Contains(part.Split('.')[0])) ? "which is no plain file name"
        : null;

    [GeneratedRegex("^[A-Za-z0-9_.+-]+(/[A-Za-z0-9_.+-]+)*$", RegexOptions.CultureInvariant)]
    private static partial Regex Plain();
}
