using MedicineMan.Repository.Archiving;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Locking;
using MedicineMan.Repository.Patching;
using MedicineMan.Repository.Reading;
using MedicineMan.Repository.Restoring;
using MedicineMan.Sdk;

namespace MedicineMan.Repository;

/// <summary>
/// A snapshot opened for looking around and getting things out. A path is the names from the root down. Every byte handed out was verified.
/// The repository is locked against removals until this is disposed; nothing is done before that lock is known to hold, though bytes may have gone out by then.
/// </summary>
public sealed class SnapshotTree : IAsyncDisposable
{
    private readonly BlobReader blobs;
    private readonly RepositoryLock held;

    internal SnapshotTree(SnapshotEntry entry, BlobReader blobs, RepositoryLock held)
    {
        Entry = entry;
        this.blobs = blobs;
        this.held = held;
    }

    /// <summary>The snapshot.</summary>
    public SnapshotEntry Entry { get; }

    /// <summary>What stands in a folder, one level.</summary>
    /// <exception cref="UserFacingException">There is no such folder.</exception>
    public async Task<IReadOnlyList<SnapshotNode>> List(IReadOnlyList<string> path, CancellationToken cancel)
    {
        var folder = await Node(path, cancel);
        await held.Settled.WaitAsync(cancel);
        return folder is { Type: "dir", Subtree: { } tree }
            ? (await blobs.Entries(tree, cancel)).ConvertAll(SnapshotNode.From)
            : throw new UserFacingException($"There is no folder {Name(path)} in snapshot {Entry.Id.Prefix}.");
    }

    /// <summary>What stands at a path; null when nothing does.</summary>
    public async Task<SnapshotNode?> Find(IReadOnlyList<string> path, CancellationToken cancel)
    {
        var node = await Node(path, cancel);
        await held.Settled.WaitAsync(cancel);
        return node is null ? null : SnapshotNode.From(node);
    }

    /// <summary>Opens a file, which can be read from anywhere in it; its reading fails with <see cref="DamagedException"/> where the repository is damaged.</summary>
    /// <exception cref="UserFacingException">There is no such file.</exception>
    public async Task<Stream> OpenFile(IReadOnlyList<string> path, CancellationToken cancel)
    {
        var content = new FileContent(blobs, await FindFile(path, cancel));
        await held.Settled.WaitAsync(cancel);
        return new RangedStream(await content.Length(cancel), content.CopyRange, cancel);
    }

    /// <summary>Writes a file's bytes to a stream.</summary>
    /// <returns>How many.</returns>
    /// <exception cref="UserFacingException">There is no such file, or the repository is damaged there.</exception>
    public Task<long> Dump(IReadOnlyList<string> path, Stream destination, CancellationToken cancel) => Dump(path, range: null, destination, cancel);

    /// <summary>Writes a stretch of a file to a stream; what is before it is not read. What is beyond the end is not there.</summary>
    /// <inheritdoc cref="Dump(IReadOnlyList{string}, Stream, CancellationToken)"/>
    public async Task<long> Dump(IReadOnlyList<string> path, ByteRange? range, Stream destination, CancellationToken cancel)
    {
        var content = new FileContent(blobs, await FindFile(path, cancel));
        var written = 0L;
        async ValueTask Pour(ReadOnlyMemory<byte> bytes, CancellationToken token)
        {
            await destination.WriteAsync(bytes, token);
            written += bytes.Length;
        }

        await (range is { } part ? content.CopyRange(part.Within(0, await content.Length(cancel)), Pour, cancel) : content.CopyTo(Pour, cancel));
        await held.Settled.WaitAsync(cancel);
        return written;
    }

    /// <summary>Opens a folder as the tar archive of it, which can be read from anywhere: always the same bytes, and nothing is made that is not read.</summary>
    /// <exception cref="UserFacingException">There is no such folder, or something in it is lost.</exception>
    public async Task<Stream> OpenArchive(IReadOnlyList<string> path, CancellationToken cancel)
    {
        var archive = await TarArchive.Plan(blobs, await FindFolder(path, cancel), cancel);
        await held.Settled.WaitAsync(cancel);
        return new RangedStream(archive.Length, archive.CopyRange, cancel);
    }

    /// <summary>Writes a folder with all below it to a stream as an archive. Paths in it start at the snapshot's root.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="format">Of the archive.</param>
    /// <param name="range">The stretch of it that is wanted; null for all. A zip archive is only to be had whole.</param>
    /// <param name="destination">Stays open.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="UserFacingException">There is no such folder, or something in it is damaged, which is named: what was written by then is no archive.</exception>
    public async Task<ArchiveReport> DumpArchive(IReadOnlyList<string> path, ArchiveFormat format, ByteRange? range, Stream destination, CancellationToken cancel)
    {
        var folder = await FindFolder(path, cancel);
        if (format is ArchiveFormat.Zip)
        {
            var report = range is null
                ? await new ZipDump(blobs, destination).Write(folder, cancel)
                : throw new UserFacingException("A zip archive holds checksums of all that is in it, so no part can be made without the rest. Take tar for a part of an archive.") { Permanent = true };
            await held.Settled.WaitAsync(cancel);
            return report;
        }

        var archive = await TarArchive.Plan(blobs, folder, cancel);
        var part = (range ?? new ByteRange(0, archive.Length)).Within(0, archive.Length);
        await archive.CopyRange(part, destination.WriteAsync, cancel);
        await held.Settled.WaitAsync(cancel);
        return new ArchiveReport(part.Length, archive.Problems);
    }

    /// <summary>Restores a file or a folder with all below it into a folder of this machine.</summary>
    /// <param name="options">What and where to.</param>
    /// <param name="progress">Told how far it is; null for silence.</param>
    /// <param name="cancel">Stops; what was restored stays, and the same restore goes on from there.</param>
    /// <remarks>
    /// Nothing is written outside the target: names that are paths are refused, and links are never followed. A file has its name only when it is
    /// complete.
    /// </remarks>
    public async Task<RestoreReport> Restore(RestoreOptions options, IProgress<RestoreProgress>? progress, CancellationToken cancel)
    {
        var node = await Node(options.Path, cancel) ?? throw new UserFacingException($"There is nothing at {Name(options.Path)} in snapshot {Entry.Id.Prefix}.");
        var report = await new FolderWriter(blobs, options, progress).Restore(node, cancel);
        await held.Settled.WaitAsync(cancel);
        return report;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => held.DisposeAsync();

    private async Task<TreeNode> FindFile(IReadOnlyList<string> path, CancellationToken cancel) =>
        await Node(path, cancel) is { Type: "file" } file && (file.Content is not null || StreamFolder.IsPresented(file))
            ? file
            : throw new UserFacingException($"There is no file {Name(path)} in snapshot {Entry.Id.Prefix}.");

    private async Task<ArchiveFolder> FindFolder(IReadOnlyList<string> path, CancellationToken cancel) =>
        await Node(path, cancel) is { Type: "dir", Subtree: not null } folder
            ? new ArchiveFolder(string.Join('/', path), folder)
            : throw new UserFacingException($"There is no folder {Name(path)} in snapshot {Entry.Id.Prefix}.");

    private static string Name(IReadOnlyList<string> path) => "/" + string.Join('/', path);

    private async Task<TreeNode?> Node(IReadOnlyList<string> path, CancellationToken cancel)
    {
        var node = new TreeNode { Name = "/", Type = "dir", Subtree = Entry.Tree, Mode = GoMode.Directory | 0x1ED };
        foreach (var segment in path)
        {
            if (node is not { Type: "dir", Subtree: { } subtree } || (await blobs.Entries(subtree, cancel)).Find(child => child.Name == segment) is not { } found)
            {
                return null;
            }

            node = found;
        }

        return node;
    }
}
