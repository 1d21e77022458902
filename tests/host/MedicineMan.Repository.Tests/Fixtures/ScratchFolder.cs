namespace MedicineMan.Repository.Tests.Fixtures;

/// <summary>A folder of its own for one test, gone afterwards.</summary>
internal sealed class ScratchFolder : IAsyncDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("medicineman-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public string Write(string name, string content)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[name])!);
        File.WriteAllText(this[name], content);
        return this[name];
    }

    // .NET can't remove names that are not UTF-8.
    public async ValueTask DisposeAsync() => await Shell.Run("rm -rf \"$1\"", Path);
}
