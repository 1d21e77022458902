using System.Text.Json;
using MedicineMan.Plugins.LocalStorage;
using MedicineMan.Repository.Chunking;
using MedicineMan.Repository.Keys;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Repository.Tests.Fixtures;

/// <summary>A repository on a real disk, with keys that cost little.</summary>
internal sealed class TestRepository : IAsyncDisposable
{
    public const string Password = "correct horse";
    public static readonly KeyCost Cheap = new(1024, 8, 1);

    private TestRepository(ScratchFolder scratch, IStorageBackend storage, BackupRepository repository)
    {
        Scratch = scratch;
        Storage = storage;
        Repository = repository;
    }

    public ScratchFolder Scratch { get; }

    public IStorageBackend Storage { get; }

    public BackupRepository Repository { get; private set; }

    public string Folder => Scratch["repository"];

    public Restic Restic => new(Folder, Password, Scratch["restic-home"]);

    public static async Task<TestRepository> Create(Func<IStorageBackend, IStorageBackend>? wrap = null)
    {
        var scratch = new ScratchFolder();
        var storage = await OpenStorage(scratch["repository"]);
        storage = wrap?.Invoke(storage) ?? storage;
        return new TestRepository(scratch, storage, await BackupRepository.Initialise(storage, Password, Cheap, TimeProvider.System, default));
    }

    public static ValueTask<IStorageBackend> OpenStorage(string path) =>
        new LocalStorageProvider().OpenAsync(JsonSerializer.SerializeToElement(new { path }), default);

    public static Task<BackupRepository> Open(IStorageBackend storage, string password = Password) =>
        BackupRepository.Open(storage, password, Cheap, TimeProvider.System, default);

    public async Task Reopen()
    {
        Repository.Dispose();
        Repository = await Open(Storage);
    }

    public static SnapshotOptions Options(params string[] paths) => new() { Host = "db1", Paths = paths.Length == 0 ? ["/"] : paths, Tags = ["test"] };

    public Task<CommittedSnapshot> BackUp(params (string Path, byte[] Content)[] streams) => BackUp(null, streams);

    public async Task<CommittedSnapshot> BackUp(DateTimeOffset? time, params (string Path, byte[] Content)[] streams)
    {
        await using var session = await Repository.BeginSnapshot(Options() with { Time = time }, default);
        foreach (var (path, content) in streams)
        {
            await session.AddStream(path.Split('/', StringSplitOptions.RemoveEmptyEntries), new MemoryStream(content), ChunkProfile.Stream, default);
        }

        return await session.Commit(default);
    }

    public async Task<CommittedSnapshot> BackUpFolder(string path, ObjectId? parent = null)
    {
        await using var session = await Repository.BeginSnapshot(Options(path) with { Parent = parent }, default);
        await session.AddDirectory(path, default);
        return await session.Commit(default);
    }

    public async Task<byte[]> Read(ObjectId snapshot, string path)
    {
        await using var reader = await Repository.OpenSnapshot(snapshot.ToString(), default);
        using var content = new MemoryStream();
        await reader.Dump(path.Split('/', StringSplitOptions.RemoveEmptyEntries), content, default);
        return content.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        Repository.Dispose();
        await Scratch.DisposeAsync();
    }
}
