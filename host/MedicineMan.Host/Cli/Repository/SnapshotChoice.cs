using System.CommandLine;
using System.Globalization;
using MedicineMan.Repository;
using MedicineMan.Repository.Retention;

namespace MedicineMan.Host.Cli.Repository;

/// <summary>The options by which commands choose snapshots, and how they name one.</summary>
internal sealed class SnapshotChoice
{
    private readonly Option<string[]> hosts = new("--host") { Description = "Only snapshots of this machine; may be given several times." };
    private readonly Option<string[]> tags = new("--tag") { Description = "Only snapshots with all these labels, separated by commas; may be given several times." };
    private readonly Option<string[]> paths = new("--path") { Description = "Only snapshots of this path; may be given several times." };

    public SnapshotChoice AddTo(Command command)
    {
        command.Options.Add(hosts);
        command.Options.Add(tags);
        command.Options.Add(paths);
        return this;
    }

    public SnapshotFilter Filter(ParseResult parsed) => new()
    {
        Hosts = parsed.GetValue(hosts) ?? [], Tags = TagLists(parsed.GetValue(tags)), Paths = parsed.GetValue(paths) ?? [],
    };

    public static IReadOnlyList<IReadOnlyList<string>> TagLists(string[]? lists) => [.. (lists ?? []).Select(list => list.Split(','))];

    public static string Line(SnapshotEntry snapshot) => Answer.Printable(
        $"{snapshot.Id.Prefix}  {snapshot.Time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture)}  {snapshot.Host}  {string.Join(',', snapshot.Tags)}  {string.Join(' ', snapshot.Paths)}");

    public static object Document(SnapshotEntry snapshot) =>
        new { id = snapshot.Id.ToString(), snapshot.Time, snapshot.Host, snapshot.Tags, snapshot.Paths, snapshot.TotalBytes };
}
