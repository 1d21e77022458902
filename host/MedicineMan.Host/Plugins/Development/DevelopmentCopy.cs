namespace MedicineMan.Host.Plugins.Development;

/// A copy of what was built, for the host to load from: the next build writes over its files, and a dll in use must not change under the code.
internal sealed class DevelopmentCopy : IDisposable
{
    private DevelopmentCopy(string path) => Path = path;

    public string Path { get; }

    public static DevelopmentCopy Of(string folder)
    {
        var copy = new DevelopmentCopy(Directory.CreateTempSubdirectory("medicineman-dev-").FullName);
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            var to = System.IO.Path.Combine(copy.Path, System.IO.Path.GetRelativePath(folder, file));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        return copy;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
