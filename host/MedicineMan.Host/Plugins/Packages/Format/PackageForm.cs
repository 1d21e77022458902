namespace MedicineMan.Host.Plugins.Packages.Format;

/// The form of an .mmp: a zip of a plugin's built folder, in which checksums.json names every file with its SHA-256 and signature.json signs
/// checksums.json. One signature, over one file: whoever signs twice will disagree with himself one day.
internal static class PackageForm
{
    public const string Extension = ".mmp";
    public const string ChecksumsFile = "checksums.json";
    public const string SignatureFile = "signature.json";

    public const long LargestPackage = 32L << 20;
    public const long LargestFile = 64L << 20;
    public const long LargestTotal = 128L << 20;
    public const int LargestLetter = 1 << 20;
    public const int MostFiles = 2000;

    /// What a file may grow by when it is unpacked; code and text stay below 20, a zip bomb lives from more.
    public const int LargestRatio = 100;

    /// Small files may be as repetitive as they like.
    public const long RatioMatters = 1L << 20;

    public static bool IsLetter(string name) => name is ChecksumsFile or SignatureFile;
}
