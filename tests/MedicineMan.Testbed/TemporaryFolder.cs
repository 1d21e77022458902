namespace MedicineMan.Testbed;

/// A folder of the test's own, gone when the test ends.
public sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder(string name = "test", bool readableByAll = false)
    {
        Path = Directory.CreateTempSubdirectory($"medicineman-{name}-").FullName;
        if (readableByAll)
        {
            File.SetUnixFileMode(Path, (UnixFileMode)0b111_101_101);
        }
    }

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
