using System.Globalization;
using System.Text.RegularExpressions;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Plugins.Manifests;

/// A range of SDK versions with both ends, such as ">=1.4 &lt;2.0". Both ends, because a plugin that was only tested against one major
/// version must not be loaded into the next.
internal sealed partial record SdkRange(Version From, Version Below)
{
    /// What this host offers. The assembly version is frozen per major, so it never keeps an older plugin from binding.
    public static Version Offered { get; } = Short(typeof(IPlugin).Assembly.GetName().Version!);

    public static Regex Pattern { get; } = RangePattern();

    public bool Holds(Version version) => version >= From && version < Below;

    public static SdkRange? Parse(string text)
    {
        var match = RangePattern().Match(text);
        return match.Success
            ? new SdkRange(Of(match.Groups[1].ValueSpan, match.Groups[2].ValueSpan), Of(match.Groups[3].ValueSpan, match.Groups[4].ValueSpan))
            : null;
    }

    private static Version Of(ReadOnlySpan<char> major, ReadOnlySpan<char> minor) =>
        new(int.Parse(major, CultureInfo.InvariantCulture), int.Parse(minor, CultureInfo.InvariantCulture));

    private static Version Short(Version version) => new(version.Major, version.Minor);

    [GeneratedRegex(@"^>=\s?(\d{1,4})\.(\d{1,4}) <\s?(\d{1,4})\.(\d{1,4})$", RegexOptions.CultureInvariant)]
    private static partial Regex RangePattern();
}
