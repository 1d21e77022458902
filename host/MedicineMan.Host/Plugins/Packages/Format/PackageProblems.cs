using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Shell;

namespace MedicineMan.Host.Plugins.Packages.Format;

/// Why a package is refused, each reason with a code of its own. Those of installing and of registries stand beside them.
internal static class PackageProblems
{
    private const string NothingWritten = "Nothing of it was installed.";
    private const string FetchAgain = "Fetch the package again; if that does not help, its publisher must pack it anew with: medicineman plugin pack";

    public static PluginProblem NotAPackage(string file, string why) =>
        new("MM1030", $"{file} is no plugin package: {why}", NothingWritten, FetchAgain);

    public static PluginProblem TooLarge(string file) => new(
        "MM1031", $"{file} is larger than {Size.Text(PackageForm.LargestPackage)}, the most a package may be.", NothingWritten, "Its publisher must leave out what the plugin does not need.");

    public static PluginProblem Bomb(string file, string what) => new(
        "MM1032", $"{file} would unpack into too much: {what}.", "A small file that becomes a huge one can fill the disk. " + NothingWritten, "Its publisher must leave out what the plugin does not need.");

    public static PluginProblem Name(string file, string name, string why) => new(
        "MM1033", $"{file} holds the name \"{Printable(name)}\", {why}.", "Such a name can point out of the plugin's folder. " + NothingWritten, "Do not use this package; tell its publisher.");

    public static PluginProblem Link(string file, string name) => new(
        "MM1034", $"{file} holds \"{Printable(name)}\", which is a link or a device and no plain file.", "It can point out of the plugin's folder. " + NothingWritten, "Do not use this package; tell its publisher.");

    public static PluginProblem NotListed(string file, string name) => new(
        "MM1035", $"{file} holds {Printable(name)}, which its checksums.json does not name.", "What is not named is not signed. " + NothingWritten, FetchAgain);

    public static PluginProblem Absent(string file, string name) => new(
        "MM1035", $"{file} does not hold {Printable(name)}, which its checksums.json names.", "The package is not whole. " + NothingWritten, FetchAgain);

    public static PluginProblem WrongHash(string file, string name) => new(
        "MM1036", $"{Printable(name)} in {file} is not what its checksums.json says.", "It was damaged or changed on the way. " + NothingWritten, FetchAgain);

    public static PluginProblem Unsigned(string file) => new(
        "MM1037", $"{file} is not signed.", "Nobody can tell who made it.", "Its publisher must sign it with: medicineman plugin sign. For your own trials set Plugins:AllowUnsigned=true.");

    public static PluginProblem BadSignature(string file, string why) => new(
        "MM1038", $"The signature of {file} does not hold: {why}", "It was changed after it was signed. " + NothingWritten, "Do not use this package; fetch it again from its publisher.");

    public static PluginProblem Disagrees(string what, string why) => new(
        "MM1041", what, why, "Do not use this package; tell its publisher.");

    public static PluginProblem ChangedOnDisk(string name, string folder) => new(
        "MM1055", $"{name} in {folder} is not what was installed.", "Somebody changed an installed plugin, so it is not loaded.", "Remove the plugin and install it again.");

    /// A name out of a package is a stranger's text.
    private static string Printable(string name) =>
        string.Concat(name.Take(120).Select(letter => char.IsControl(letter) || letter == '"' ? '?' : letter));
}
