namespace MedicineMan.Sdk.Tests.Templates;

internal static class SourceTree
{
    public static string Root { get; } = Above(AppContext.BaseDirectory);

    public static string At(string path) => Path.Combine(Root, path);

    private static string Above(string folder) => File.Exists(Path.Combine(folder, "MedicineMan.sln")) ? folder : Above(Path.GetDirectoryName(folder)!);
}
