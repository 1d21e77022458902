using System.Runtime.CompilerServices;

namespace MedicineMan.Architecture.Tests;

/// The source tree as files, without what builds make.
internal static class House
{
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Here(), "..", ".."));

    public static IEnumerable<SourceFile> Files(string under, string pattern = "*.cs") =>
        Directory.EnumerateFiles(Path.Combine(Root, under), pattern, SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
            .Where(path => !path.Split('/').Any(part => part is "bin" or "obj" or "artifacts" or "node_modules" or "templates"))
            .Select(path => new SourceFile(path));

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}

internal sealed record SourceFile(string Path)
{
    public string Text => field ??= File.ReadAllText(System.IO.Path.Combine(House.Root, Path));

    public string Folder => System.IO.Path.GetDirectoryName(Path)!.Replace('\\', '/');

    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    public int Lines => Text.Count(c => c == '\n');
}
