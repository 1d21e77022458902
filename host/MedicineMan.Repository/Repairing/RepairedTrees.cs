using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Indexing;
using MedicineMan.Repository.Patching;
using MedicineMan.Repository.Pruning;
using MedicineMan.Repository.Reading;
using MedicineMan.Repository.Storing;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Repository.Repairing;

/// <summary>
/// Folder listings without what is lost. Entries that are whole are taken over to the letter, so that fields this program does not know survive; a
/// listing that is whole keeps its id.
/// </summary>
internal sealed class RepairedTrees(ObjectStore store, BlobReader reader, PackSink sink, bool dryRun)
{
    private const string Mark = ".damaged";
    private const int MostNamed = 1000;

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Dictionary<ObjectId, (ObjectId? Tree, List<string> Lost)> done = [];
    private readonly HashSet<ObjectId> stored = [];

    public static byte[] Write(JsonNode document) => JsonSerializer.SerializeToUtf8Bytes(document, Plain);

    /// <summary>A listing like this one in which everything restores; itself when it does, null when it can't be read.</summary>
    public async Task<(ObjectId? Tree, List<string> Lost)> Repair(ObjectId tree, CancellationToken cancel)
    {
        if (!done.TryGetValue(tree, out var result))
        {
            done[tree] = result = await Look(tree, cancel);
        }

        return result;
    }

    private async Task<(ObjectId? Tree, List<string> Lost)> Look(ObjectId tree, CancellationToken cancel)
    {
        List<TreeNode> nodes;
        ReadOnlyMemory<byte> json;
        try
        {
            json = await reader.Blob(BlobKind.Tree, tree, cancel);
            nodes = TreeReader.Read(json.Span, tree);
        }
        catch (DamagedException failure) when (failure.InnerException is not StorageException { IsDamage: false })
        {
            // What a storage refuses to read is not lost, and to take it for lost would cost the snapshot.
            return (null, ["/"]);
        }

        var lost = new List<string>();
        var changes = new Dictionary<int, Action<JsonObject>?>();
        for (var i = 0; i < nodes.Count; i++)
        {
            await Look(nodes[i], i, changes, lost, cancel);
        }

        return changes.Count == 0 ? (tree, lost) : (await Store(Rewrite(json, nodes, changes), cancel), lost);
    }

    // A change is what to do with the entry, or null to leave it out.
    private async Task Look(TreeNode node, int at, Dictionary<int, Action<JsonObject>?> changes, List<string> lost, CancellationToken cancel)
    {
        if (!FileName.IsPlain(node.Name) || (node.Type is "dir" && node.Subtree is null))
        {
            changes[at] = null;
            Lose("/" + node.Name);
        }
        else if (node.Type is "dir")
        {
            var (subtree, below) = await Repair(node.Subtree!.Value, cancel);
            foreach (var path in below)
            {
                Lose("/" + node.Name + path);
            }

            if (subtree != node.Subtree)
            {
                changes[at] = subtree is { } repaired ? Replaced(repaired) : null;
            }
        }
        else if (node.Type is "file" && (node.Content is null || node.Content.Any(blob => !IsThere(blob))))
        {
            var left = (node.Content ?? []).Where(IsThere).ToList();
            Lose("/" + node.Name);
            changes[at] = entry =>
            {
                entry["name"] = entry["name"]!.GetValue<string>() + Mark;
                entry["content"] = new JsonArray([.. left.Select(blob => (JsonNode)blob.ToString())]);
                entry["size"] = left.Sum(Length);
            };
        }

        // What is left of a stream in parts is no stream: under another name it is shown as the folder of parts that it is.
        Action<JsonObject> Replaced(ObjectId repaired) => entry =>
        {
            entry["subtree"] = repaired.ToString();
            entry["name"] = entry["name"]!.GetValue<string>() + (StreamFolder.Is(node) ? Mark : "");
        };

        void Lose(string path)
        {
            if (lost.Count < MostNamed)
            {
                lost.Add(path);
            }
        }
    }

    private static byte[] Rewrite(ReadOnlyMemory<byte> json, List<TreeNode> nodes, Dictionary<int, Action<JsonObject>?> changes)
    {
        using var document = JsonDocument.Parse(json);
        var raw = document.RootElement.GetProperty("nodes").EnumerateArray().Select(element => element.GetRawText()).ToList();
        var kept = new SortedDictionary<string, string>(Comparer<string>.Create(FileName.Compare));
        foreach (var (i, text) in raw.Index().Where(node => !changes.ContainsKey(node.Index)))
        {
            kept[nodes[i].Name] = text;
        }

        foreach (var (i, change) in changes.Where(change => change.Value is not null))
        {
            var entry = JsonNode.Parse(raw[i])!.AsObject();
            change!(entry);
            var name = nodes[i].Type is "dir" && !StreamFolder.Is(nodes[i]) ? nodes[i].Name : nodes[i].Name + Mark;
            while (!kept.TryAdd(name, ""))
            {
                // A file of that name is there already.
                name += Mark;
                entry["name"] = entry["name"]!.GetValue<string>() + Mark;
            }

            kept[name] = entry.ToJsonString(Plain);
        }

        return System.Text.Encoding.UTF8.GetBytes($"{{\"nodes\":[{string.Join(',', kept.Values)}]}}\n");
    }

    private async Task<ObjectId> Store(byte[] json, CancellationToken cancel)
    {
        var id = ObjectId.Of(json);
        if (!dryRun && stored.Add(id) && !reader.Index.TryFind(BlobKind.Tree, id, out _))
        {
            var codec = store.RentCodec();
            try
            {
                var (sealedTree, uncompressed) = store.Version > 1 ? codec.Encode(json, 3) : (store.Seal(json), 0u);
                await sink.Add(BlobKind.Tree, id, sealedTree, uncompressed, cancel);
            }
            finally
            {
                store.Return(codec);
            }
        }

        return id;
    }

    private bool IsThere(ObjectId blob) => reader.Index.TryFind(BlobKind.Data, blob, out _);

    private long Length(ObjectId blob) => reader.Index.TryFind(BlobKind.Data, blob, out var place) ? place.PlainLength : 0;
}
