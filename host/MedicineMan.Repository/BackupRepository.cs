using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text.Json;
using MedicineMan.Repository.Caching;
using MedicineMan.Repository.Checking;
using MedicineMan.Repository.Chunking;
using MedicineMan.Repository.Crypto;
using MedicineMan.Repository.Files;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Keys;
using MedicineMan.Repository.Locking;
using MedicineMan.Repository.Reading;
using MedicineMan.Repository.Repairing;
using MedicineMan.Repository.Storing;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Repository;

/// <summary>
/// A backup repository in the format that restic documents (version 2; version 1 is read): stock restic can check and restore everything written
/// here, with this product gone, and what restic wrote is read here. Safe for concurrent use. The storage stays the caller's to dispose.
/// </summary>
public sealed class BackupRepository : IDisposable
{
    private const int Written = 2;
    private const int LargestConfig = 64 * 1024;

    private readonly ObjectStore direct;
    private readonly ObjectStore store;
    private readonly Chunker chunker;
    private readonly IndexLoader indexes;
    private readonly IndexLoader directIndexes;

    private BackupRepository(ObjectStore direct, ConfigDocument config, ObjectId openedWith, KeyCost cost, string? cacheFolder)
    {
        this.direct = direct;
        Id = config.Id;
        Keys = new RepositoryKeys(direct, cost, openedWith);
        chunker = new Chunker(direct.Key);
        store = cacheFolder is null || !ObjectId.TryParse(Id, out _)
            ? direct : new ObjectStore(new CachedStorage(direct.Storage, Path.Combine(cacheFolder, Id)), direct.Key, direct.Version, direct.Clock);
        indexes = new IndexLoader(store);
        directIndexes = store == direct ? indexes : new IndexLoader(direct);
        // Whatever looks for damage, repairs or removes must see what is stored, not a copy of it.
        Upkeep = new RepositoryUpkeep(direct, directIndexes, Keys, config);
        View = new RepositoryView(store, indexes, Id);
    }

    /// <summary>What names this repository for good: 64 hexadecimal digits.</summary>
    public string Id { get; }

    /// <summary>Format version: 2, or 1 for an old one, which can only be read.</summary>
    public int Version => store.Version;

    /// <summary>Where it lies.</summary>
    public string Location => store.Location;

    /// <summary>Its passwords.</summary>
    public RepositoryKeys Keys { get; }

    /// <summary>What looks across snapshots, and copies them.</summary>
    public RepositoryView View { get; }

    /// <summary>What removes, repairs and upgrades.</summary>
    public RepositoryUpkeep Upkeep { get; }

    /// <summary>Makes a new repository.</summary>
    /// <exception cref="UserFacingException">There is one already, or the storage refused.</exception>
    public static Task<BackupRepository> Initialise(IStorageBackend storage, string password, CancellationToken cancel) =>
        Initialise(storage, password, KeyCost.Standard, TimeProvider.System, cancel);

    /// <summary>Opens a repository.</summary>
    /// <exception cref="NotARepositoryException">There is none.</exception>
    /// <exception cref="UserFacingException">The password opens no key, or the version is unknown.</exception>
    public static Task<BackupRepository> Open(IStorageBackend storage, string password, CancellationToken cancel) =>
        Open(storage, password, KeyCost.Standard, TimeProvider.System, cancel);

    /// <summary>Opens a repository and keeps its index and snapshot files, and what is read of folder listings, in a folder of this machine as well, for a storage that is far away.</summary>
    /// <param name="storage">Stays the caller's to dispose.</param>
    /// <param name="password">Of any key.</param>
    /// <param name="cacheFolder">Shared by all repositories; see <see cref="RepositoryCaches"/>. What is in it is sealed, proven when read, and never needed.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <inheritdoc cref="Open(IStorageBackend, string, CancellationToken)"/>
    public static Task<BackupRepository> Open(IStorageBackend storage, string password, string cacheFolder, CancellationToken cancel) =>
        Open(storage, password, KeyCost.Standard, TimeProvider.System, cancel, cacheFolder);

    internal static async Task<BackupRepository> Initialise(
        IStorageBackend storage, string password, KeyCost cost, TimeProvider clock, CancellationToken cancel)
    {
        foreach (var taken in new[] { ObjectStore.Config, ObjectStore.Keys })
        {
            await foreach (var file in storage.ListAsync(taken, cancel))
            {
                throw new UserFacingException($"{storage.Location} already holds a repository ({file.Key}). Open that one, or choose an empty place.") { Permanent = true };
            }
        }

        var master = MasterKey.Random();
        var slot = await RepositoryKeys.Add(storage, master, password, cost, clock, cancel);
        var config = new ConfigDocument
        {
            Version = Written,
            Id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)),
            ChunkerPolynomial = IrreduciblePolynomial.Random().ToString("x", CultureInfo.InvariantCulture),
        };
        var store = new ObjectStore(storage, master, Written, clock);
        var json = JsonSerializer.SerializeToUtf8Bytes(config, FormatJson.Relaxed.ConfigDocument);
        if (!await storage.PutAsync(ObjectStore.Config, new ReadOnlySequence<byte>(store.Seal(json)), cancel))
        {
            throw new UserFacingException($"Somebody else has just made a repository in {storage.Location}. Open that one, or choose an empty place.") { Permanent = true };
        }

        return new BackupRepository(store, config, slot, cost, cacheFolder: null);
    }

    internal static async Task<BackupRepository> Open(
        IStorageBackend storage, string password, KeyCost cost, TimeProvider clock, CancellationToken cancel, string? cacheFolder = null)
    {
        var length = 0L;
        await foreach (var file in storage.ListAsync(ObjectStore.Config, cancel))
        {
            length = file.Key == ObjectStore.Config ? file.Length : length;
        }

        length = length == 0 ? await Upgrade.Resume(storage, cancel) : length;
        if (length is 0 or > LargestConfig)
        {
            throw new NotARepositoryException(storage.Location);
        }

        var (master, slot, slots) = await RepositoryKeys.Open(storage, password, cancel);
        if (master is null)
        {
            throw new UserFacingException(
                slots == 0
                    ? $"{storage.Location} has no key files, and without one nobody can read it. Bring the folder keys back from a copy."
                    : $"The password opens none of the {slots} key{(slots == 1 ? "" : "s")} of {storage.Location}. Check the password; another one may have been removed.")
            { Permanent = true };
        }

        var config = await LoadConfig(storage, master, (int)length, clock, cancel);
        return new BackupRepository(new ObjectStore(storage, master, config.Version, clock), config, slot, cost, cacheFolder);
    }

    /// <summary>Starts a backup. It becomes a snapshot only by <see cref="SnapshotSession.Commit"/>.</summary>
    /// <exception cref="UserFacingException">The repository is locked for maintenance, or of version 1.</exception>
    public async Task<SnapshotSession> BeginSnapshot(SnapshotOptions options, CancellationToken cancel)
    {
        if (Version != Written)
        {
            throw new UserFacingException($"{Location} has the old format version {Version}, which is only read. Upgrade it with \"medicineman repository migrate\".") { Permanent = true };
        }

        var target = options.DryRun ? new ObjectStore(new DryStorage(store.Storage, store.Clock), store.Key, store.Version, store.Clock) : store;
        var held = await RepositoryLock.Begin(target, exclusive: false, cancel);
        try
        {
            var parent = options.Parent is { } id ? await SnapshotFiles.One(store, id, cancel) : null;
            var index = await indexes.Current(cancel);
            return new SnapshotSession(
                target, index, chunker, options, held, parent is null ? null : new ParentSnapshot(new BlobReader(store, index), parent.Tree));
        }
        catch
        {
            await held.DisposeAsync();
            throw;
        }
    }

    /// <summary>All snapshots, oldest first. One that is damaged is left out here and named by a check.</summary>
    public async IAsyncEnumerable<SnapshotEntry> Snapshots([EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (var entry in (await SnapshotFiles.Load(store, cancel)).Readable)
        {
            yield return entry;
        }
    }

    /// <summary>Opens a snapshot.</summary>
    /// <param name="name">Its id, the start of it, or <c>latest</c>.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="UserFacingException">There is none, or several.</exception>
    public async Task<SnapshotTree> OpenSnapshot(string name, CancellationToken cancel)
    {
        var held = await RepositoryLock.Begin(store, exclusive: false, cancel);
        try
        {
            // The snapshot first: what it needs is then sure to be in the index read afterwards.
            var entry = SnapshotName.Find((await SnapshotFiles.Load(store, cancel)).Readable, name, Location);
            return new SnapshotTree(entry, new BlobReader(store, await indexes.Current(cancel)), held);
        }
        catch
        {
            await held.DisposeAsync();
            throw;
        }
    }

    /// <summary>Looks for damage, and for what it costs. Backups may go on meanwhile.</summary>
    /// <param name="options">How far to look.</param>
    /// <param name="progress">Told of each pack read; null for silence.</param>
    /// <param name="cancel">Stops it.</param>
    public async Task<CheckReport> Check(CheckOptions options, IProgress<CheckProgress>? progress, CancellationToken cancel)
    {
        await using var held = await RepositoryLock.Begin(direct, exclusive: false, cancel);
        var report = await new RepositoryCheck(direct, directIndexes, Keys, options, progress).Run(cancel);
        await held.Settled.WaitAsync(cancel);
        return report;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        indexes.Dispose();
        directIndexes.Dispose();
        store.Dispose();
        direct.Dispose();
    }

    private static async Task<ConfigDocument> LoadConfig(IStorageBackend storage, MasterKey master, int length, TimeProvider clock, CancellationToken cancel)
    {
        var content = new byte[length];
        await storage.ReadAsync(ObjectStore.Config, 0, content, cancel);
        using var opener = new ObjectStore(storage, master, Written, clock);
        try
        {
            var config = opener.Unseal(content, ObjectStore.Config, static plain => JsonSerializer.Deserialize(plain.Span, FormatJson.Relaxed.ConfigDocument));
            return config is { Version: 1 or Written }
                ? config
                : throw new UserFacingException($"{storage.Location} has format version {config?.Version}, which this program does not know. Use a newer Medicine Man.") { Permanent = true };
        }
        catch (JsonException failure)
        {
            throw new DamagedException($"The config of {storage.Location} is not readable.", failure);
        }
    }
}
