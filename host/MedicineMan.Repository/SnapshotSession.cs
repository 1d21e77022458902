using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Security.Cryptography;
using MedicineMan.Repository.Chunking;
using MedicineMan.Repository.Files;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Locking;
using MedicineMan.Repository.Patching;
using MedicineMan.Repository.Reading;
using MedicineMan.Repository.Sources;
using MedicineMan.Repository.Storing;
using MedicineMan.Repository.Writing;
using MedicineMan.Sdk;

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
    private readonly ConcurrentQueue<string> skipped = new();
    private readonly ConcurrentQueue<string> remarks = new();
    private readonly CancellationTokenSource abandon;
    private readonly UnixTime started;
    private readonly UnixTime begun;
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
        pipeline = new BlobPipeline(store, index, held.Settled, counters);
        feeder = new StreamFeeder(new SlabPool(ReadBuffers), chunker, pipeline, counters);
        abandon = CancellationTokenSource.CreateLinkedTokenSource(pipeline.Stopped, held.Lost);
        begun = UnixTime.From(store.Clock.GetUtcNow());
        started = options.Time is { } time ? UnixTime.From(time) : begun;
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
    public Task AddDirectory(string localPath, CancellationToken cancel) => AddSources([Path.TrimEndingDirectorySeparator(Path.GetFullPath(localPath))], cancel);

    /// <summary>Takes in files and folders of this machine, one within another once; see <see cref="SourcePaths"/>.</summary>
    /// <param name="paths">Absolute and clean. What <see cref="SnapshotOptions.Sources"/> leaves out does not touch what is named here.</param>
    /// <param name="cancel">Abandons the session.</param>
    /// <remarks>Files that can't be read are left out and named in <see cref="CommittedSnapshot.Skipped"/>.</remarks>
    /// <exception cref="UserFacingException">Nothing of it could be taken in.</exception>
    public Task AddSources(IReadOnlyList<string> paths, CancellationToken cancel) => Guarded(
        async token =>
        {
            var filter = Filter(paths, remarks.Enqueue, options.Sources);
            using var folders = new FolderReader(feeder, pipeline, counters, index, filter, skipped);
            return await new SourceReader(folders, parent, filter, skipped).Add(tree, token)
                ? true : throw new UserFacingException(skipped.TryPeek(out var why) ? SourcePaths.Nothing(why) : "All of it is left out, so there is nothing to back up.");
        },
        cancel);

    /// <summary>Counts what <see cref="AddSources"/> will come across. May run beside it.</summary>
    public Task<SourceSize> Measure(IReadOnlyList<string> paths, CancellationToken cancel) =>
        Task.Run(() => new SourceScan(Filter(paths, _ => { }, options.Sources with { Each = null })).Run(cancel), cancel);

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
                var isSame = options.SkipIfUnchanged && parent?.Tree == root;
                var id = isSame ? options.Parent!.Value : options.DryRun ? default : await Save(root, token);
                finished = true;
                return new CommittedSnapshot(id, counters.Now(), [.. skipped]) { IsWritten = !isSame && !options.DryRun, Remarks = [.. remarks] };
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
        if (options.DryRun)
        {
            store.Dispose();
        }
    }

    private async Task<ObjectId> Save(ObjectId root, CancellationToken cancel)
    {
        await held.Confirm(cancel);
        return await store.Save(ObjectStore.Snapshots, Describe(root).Write(), cancel);
    }

    private static SourceFilter Filter(IReadOnlyList<string> paths, Action<string> remark, SourceOptions options)
    {
        try
        {
            return new SourceFilter(options, paths, remark);
        }
        catch (PosixException failure)
        {
            throw new UserFacingException(SourcePaths.Nothing(failure.Message), failure);
        }
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
            Paths = [.. options.Paths.Select(FileName.Readable)],
            Hostname = options.Host,
            Username = options.UserName,
            Uid = Posix.UserId(),
            Gid = Posix.GroupId(),
            Excludes = options.Excludes.Count == 0 ? null : [.. options.Excludes.Select(FileName.Readable)],
            Tags = options.Tags.Count == 0 ? null : options.Tags,
            ProgramVersion = options.Program,
            Summary = new SnapshotSummary
            {
                BackupStart = begun.ToString(),
                BackupEnd = UnixTime.From(store.Clock.GetUtcNow()).ToString(),
                FilesNew = statistics.Files - statistics.FilesUnchanged - statistics.FilesChanged,
                FilesChanged = statistics.FilesChanged,
                FilesUnmodified = statistics.FilesUnchanged,
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
