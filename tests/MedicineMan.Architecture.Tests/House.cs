namespace MedicineMan.Architecture.Tests;

/// The source tree as files, without what builds make.
internal static class House
{
    public static string Root { get; } = Above(AppContext.BaseDirectory);

    public static IEnumerable<SourceFile> Files(string under, string pattern = "*.cs") =>
        Directory.EnumerateFiles(Path.Combine(Root, under), pattern, SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(path => !path.Split('/').Any(part => part is "bin" or "obj" or "artifacts" or "node_modules" or "templates"))
            .Select(path => new SourceFile(path));

    // Not by the path the compiler saw: a deterministic build hides that.
    private static string Above(string folder) =>
        File.Exists(Path.Combine(folder, "MedicineMan.sln")) ? folder : Above(Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run outside of the source tree."));
}

internal sealed record SourceFile(string Path)
{
    public string Text => field ??= File.ReadAllText(System.IO.Path.Combine(House.Root, Path));

    public string Folder => System.IO.Path.GetDirectoryName(Path)!.Replace('\\', '/');

    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    public int Lines => Text.Count(c => c == '\n');
}
