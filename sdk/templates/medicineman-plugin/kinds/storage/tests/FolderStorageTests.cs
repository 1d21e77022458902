using System.Text.Json;
using MedicineMan.Sdk.Storage;
using MedicineMan.Sdk.Testing.Storage;

namespace Acme.Sample.Tests;

/// The contract holds the storage to all it promises.
public sealed class FolderStorageTests : StorageContract, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("plugin-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    protected override ValueTask<IStorageBackend> OpenEmptyAsync() =>
        new FolderProvider().OpenAsync(JsonSerializer.SerializeToElement(new { path = Path.Combine(folder, "repository") }), default);
}
