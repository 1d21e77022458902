using System.Text;
using MedicineMan.Repository.Chunking;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Storing;
using MedicineMan.Repository.Writing;

namespace MedicineMan.Repository.Tests.Fixtures;

/// <summary>Writes folder listings that no backup of ours would: what somebody with the password, or a broken client, could have put into a repository.</summary>
internal sealed class TreeForge : IAsyncDisposable
{
    private readonly ObjectStore store;
    private readonly BlobPipeline pipeline;
    private readonly StreamFeeder feeder;

    private TreeForge(ObjectStore store)
    {
        this.store = store;
        var counters = new BackupCounters();
        pipeline = new BlobPipeline(store, new BlobIndex(), Task.CompletedTask, counters);
        feeder = new StreamFeeder(new SlabPool(32 << 20), new Chunker(store.Key), pipeline, counters);
    }

    public static async Task<TreeForge> Open(TestRepository ours)
    {
        var (master, _, _) = await RepositoryKeys.Open(ours.Storage, TestRepository.Password, default);
        return new TreeForge(new ObjectStore(ours.Storage, master!, 2, TimeProvider.System));
    }

    public Task<TreeNode> File(string name, string content) => File(name, Encoding.UTF8.GetBytes(content));

    public async Task<TreeNode> File(string name, byte[] content)
    {
        var fed = await feeder.Feed(new MemoryStream(content), ChunkProfile.Stream, null, default);
        return new TreeNode { Name = name, Type = "file", Mode = 0x1A4, Links = 1, Size = (ulong)content.Length, Content = await fed.Content.Ids(default) };
    }

    public static TreeNode Link(string name, string target) => new() { Name = name, Type = "symlink", Mode = GoMode.Symlink | 0x1FF, LinkTarget = target };

    /// <summary>A folder of these, in whatever order and however often.</summary>
    public async Task<TreeNode> Folder(string name, params TreeNode[] nodes) =>
        new() { Name = name, Type = "dir", Mode = GoMode.Directory | 0x1ED, Subtree = await Tree(nodes) };

    /// <summary>Stores it all as a snapshot.</summary>
    public async Task<ObjectId> Commit(params TreeNode[] root)
    {
        var tree = await Tree(root);
        await pipeline.Complete(default);
        return await store.Save(ObjectStore.Snapshots, new SnapshotDocument { Time = "2026-01-02T03:04:05Z", Tree = tree.ToString(), Hostname = "forged", Paths = ["/"] }.Write(), default);
    }

    public async ValueTask DisposeAsync()
    {
        await pipeline.DisposeAsync();
        store.Dispose();
    }

    private Task<ObjectId> Tree(TreeNode[] nodes)
    {
        var entries = nodes.Select(node =>
        {
            var single = new TreeWriter();
            single.Add(node);
            var json = Encoding.UTF8.GetString(single.Finish().Span);
            return json[(json.IndexOf('[', StringComparison.Ordinal) + 1)..json.LastIndexOf(']')];
        });
        return pipeline.AddTree(Encoding.UTF8.GetBytes($"{{\"nodes\":[{string.Join(',', entries)}]}}\n"), default);
    }
}
