using System.Text.Json.Nodes;
using MedicineMan.Testbed;

namespace MedicineMan.EndToEnd.Tests.Fixtures;

/// A repository on disk, as stock restic sees it.
internal sealed class Shelf(string path, string password)
{
    private readonly string restic = Programs.Require("restic");

    public string Path => path;

    /// Under which the host knows it.
    public string Id { get; set; } = "";

    public string Restic(params string[] arguments) => Programs.Run(
        restic, ["--repo", path, "--no-cache", .. arguments], null, new Dictionary<string, string> { ["RESTIC_PASSWORD"] = password });

    /// Snapshots that carry the run's tag.
    public int SnapshotsOf(string run) => JsonNode.Parse(Restic("snapshots", "--json", "--no-lock", "--tag", $"run:{run}"))!.AsArray().Count;

    public int Files(string kind) => Directory.Exists(System.IO.Path.Combine(path, kind)) ? Directory.GetFiles(System.IO.Path.Combine(path, kind), "*", SearchOption.AllDirectories).Length : 0;
}
