using System.IO.Pipelines;
using System.Security.Cryptography;
using MedicineMan.Repository.Chunking;
using MedicineMan.Repository.Files;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Locking;
using MedicineMan.Repository.Patching;
using MedicineMan.Repository.Reading;
using MedicineMan.Repository.Storing;
using MedicineMan.Repository.Writing;

namespace MedicineMan.Repository;

/// <summary>
/// A snapshot in the making. Streams and folders may be added side by side; nothing of them is a snapshot before <see cref="Commit"/>. The first
/// failure, also one of a content reader, abandons the session for good. Disposing without a commit leaves no snapshot.
/// </summary>
public sealed class SnapshotSession : IAsyncDisposable
{
    private const long ReadBuffers = 12 << 20;

    private readonly ObjectStore store;
    private readonly BlobIndex index;
    private readonly SnapshotOptions options;
    private readonly RepositoryLock held;
    private readonly BackupCounters counters = new();
    private readonly BlobPipeline pipeline;
    private readonly StreamFeeder feeder;
    private readonly VirtualTree tree = new();
    private readonly ParentSnapshot? parent;
    private readonly BlobReader blobs;
    private readonly Chunker chunker;
    private readonly PartLanes lanes = new();
    private readonly System.Collections.Concurrent.ConcurrentQueue<string> skipped = new();
    private readonly CancellationTokenSource abandon;
    private readonly UnixTime started;
    private int active;
    private bool finished;

    internal SnapshotSession(ObjectStore store, BlobIndex index, Chunker chunker, SnapshotOptions options, RepositoryLock held, ParentSnapshot? parent)
    {
        this.store = store;
        this.index = index;
        this.options = options;
        this.held = held;
        this.parent = parent;
        this.chunker = chunker;
        blobs = new BlobReader(store, index);
        pipeline = new BlobPipeline(store, index, counters);
        feeder = new StreamFeeder(new SlabPool(ReadBuffers), chunker, pipeline, counters);
        abandon = CancellationTokenSource.CreateLinkedTokenSource(pipeline.Stopped, held.Lost);
        started = UnixTime.From(options.Time ?? store.Clock.GetUtcNow());
    }

    /// <summary>How far it is. May be asked at any time.</summary>
    public BackupStatistics Statistics => counters.Now();

    /// <summary>Takes in one stream; the reader is completed. Returns when its last block is named, not yet when it is stored.</summary>
    /// <param name="path">Folders and name. No segment is empty, <c>.</c>, <c>..</c> or holds <c>/</c> or NUL.</param>
    /// <param name="content">Read to its end.</param>
    /// <param name="profile">How finely it is cut.</param>
    /// <param name="cancel">Abandons the session.</param>
    public async Task<StoredStream> AddStream(IReadOnlyList<string> path, PipeReader content, ChunkProfile profile, CancellationToken cancel)
    {
        await using var stream = content.AsStream();
        return await AddStream(path, stream, profile, cancel);
    }

    /// <summary>Takes in one stream, which stays open.</summary>
    /// <inheritdoc cref="AddStream(IReadOnlyList{string}, PipeReader, ChunkProfile, CancellationToken)"/>
    public Task<StoredStream> AddStream(IReadOnlyList<string> path, Stream content, ChunkProfile profile, CancellationToken cancel)
    {
        if (path.Count == 0 || !path.All(FileName.IsPlain))
        {
            throw new ArgumentException("A path needs segments that are names.", nameof(path));
        }

        return Guarded(
            async token =>
            {
                using var hash = options.HashStreams ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
                var file = new TreeNode { Name = path[^1], Type = "file", Mode = 0x1A4, Links = 1, Modified = started, Accessed = started, Changed = started };
                var stored = await TakePatched(path, content, profile, file, hash, token) ?? await TakeWhole(path, content, profile, file, hash, token);
                counters.FileDone();
                return stored with { Sha256 = hash is null ? null : Convert.ToHexStringLower(hash.GetHashAndReset()) };
            },
            cancel);
    }

    private async Task<StoredStream> TakeWhole(
        IReadOnlyList<string> path, Stream content, ChunkProfile profile, TreeNode file, IncrementalHash? hash, CancellationToken cancel)
    {
        var fed = await feeder.Feed(content, profile, hash, cancel);
        tree.Add(path, file with { Size = (ulong)fed.Bytes, Content = await fed.Content.Ids(cancel) });
        return new StoredStream(fed.Bytes, fed.Content.BytesNew, fed.Content.BytesStored, null);
    }

    // Null, and nothing is read, when there is nothing to patch.
    private async Task<StoredStream?> TakePatched(
        IReadOnlyList<string> path, Stream content, ChunkProfile profile, TreeNode file, IncrementalHash? hash, CancellationToken cancel)
    {
        if (parent is null || !options.Patches || profile != ChunkProfile.Stream || await EarlierStream.Find(parent, blobs, path, cancel) is not { } earlier
            || await lanes.Enter(cancel) is not { } lane)
        {
            return null;
        }

        try
        {
            var writer = new PatchedStreamWriter(path, earlier, lanes, feeder, pipeline, chunker, counters);
            await writer.Write(content, lane, hash, cancel);
            await writer.AddTo(tree, file, cancel);
            return new StoredStream(writer.Bytes, writer.BytesNew, writer.BytesStored, null);
        }
        finally
        {
            lanes.Leave(lane);
        }
    }

    /// <summary>Takes in a file or folder of this machine under its absolute path, with all below it, owners, modes and times.</summary>
    /// <param name="localPath">Must exist.</param>
    /// <param name="cancel">Abandons the session.</param>
    /// <remarks>Files that can't be read are left out and named in <see cref="CommittedSnapshot.Skipped"/>.</remarks>
    public Task AddDirectory(string localPath, CancellationToken cancel) => Guarded(
        async token =>
        {
            using var folders = new FolderReader(feeder, pipeline, counters, index, parent, skipped);
            await folders.Add(localPath, tree, token);
            return true;
        },
        cancel);

    /// <summary>Stores everything still under way, then the index, then the snapshot, which alone makes it a backup.</summary>
    /// <param name="cancel">Abandons the session.</param>
    public Task<CommittedSnapshot> Commit(CancellationToken cancel)
    {
        if (Volatile.Read(ref active) > 0)
        {
            throw new InvalidOperationException("A snapshot is committed when all its streams have been taken in.");
        }

        return Guarded(
            async token =>
            {
                var root = await tree.Store(pipeline, started, token);
                await pipeline.Complete(token);
                await held.Confirm(token);
                var id = await store.Save(ObjectStore.Snapshots, Describe(root).Write(), token);
                finished = true;
                return new CommittedSnapshot(id, counters.Now(), [.. skipped]);
            },
            cancel);
    }

    /// <summary>Ends the session and frees the repository for others.</summary>
    public async ValueTask DisposeAsync()
    {
        await pipeline.DisposeAsync();
        await held.DisposeAsync();
        abandon.Dispose();
        lanes.Dispose();
    }

    private async Task<T> Guarded<T>(Func<CancellationToken, Task<T>> work, CancellationToken cancel)
    {
        ObjectDisposedException.ThrowIf(finished, this);
        pipeline.ThrowIfFailed();
        Interlocked.Increment(ref active);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(abandon.Token, cancel);
        try
        {
            return await work(either.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            held.ThrowIfLost();
            pipeline.ThrowIfFailed();
            throw;
        }
        catch (Exception failure)
        {
            pipeline.Fail(failure);
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref active);
        }
    }

    private SnapshotDocument Describe(ObjectId root)
    {
        var statistics = counters.Now();
        return new SnapshotDocument
        {
            Time = started.ToString(),
            Parent = options.Parent?.ToString(),
            Tree = root.ToString(),
            Paths = options.Paths,
            Hostname = options.Host,
            Username = options.UserName,
            Uid = Posix.UserId(),
            Gid = Posix.GroupId(),
            Tags = options.Tags.Count == 0 ? null : options.Tags,
            ProgramVersion = options.Program,
            Summary = new SnapshotSummary
            {
                BackupStart = started.ToString(),
                BackupEnd = UnixTime.From(store.Clock.GetUtcNow()).ToString(),
                DataBlobs = statistics.DataBlobs,
                TreeBlobs = statistics.TreeBlobs,
                DataAdded = statistics.BytesNew,
                DataAddedPacked = statistics.BytesStored,
                TotalFilesProcessed = statistics.Files,
                TotalBytesProcessed = statistics.BytesRead,
            },
        };
    }
}
