using System.Globalization;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Commands;
using MedicineMan.Sdk.Jobs;

namespace MedicineMan.Plugins.Postgres.Restoring;

/// Reads a restored database and holds it against the manifest: every row, index, constraint and sequence.
internal sealed class CompareDatabase(Cluster cluster, string restored, Manifest manifest, IDumpReader dump)
{
    private const string Absent = "absent";

    private readonly List<ProofDifference> differences = [];
    private long done;

    public async Task<ProofReport> Run(CancellationToken cancel)
    {
        await using var session = await Session.Open(cluster, restored, cancel);
        await session.Run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;", "Starting the comparison", cancel);
        var tables = await session.Ask(Catalog.TablesSql, PostgresJson.Default.IReadOnlyListTable, cancel);
        var structure = await session.Ask(Catalog.StructureSql, PostgresJson.Default.Structure, cancel);

        Compare("table ", manifest.Tables.Select(t => (t.FullName, Columns(t))), tables.Select(t => (t.FullName, Columns(t))));
        var rows = await Rows(tables, cancel);
        Compare("index ", manifest.Structure.Indexes.Select(i => (Names.Object(i.Schema, i.Name), i.Definition)), structure.Indexes.Select(i => (Names.Object(i.Schema, i.Name), i.Definition)));
        Compare("constraint ", manifest.Structure.Constraints.Select(Constraint), structure.Constraints.Select(Constraint));
        Compare("sequence ", manifest.SequenceStates.Select(State), (await SequenceState.Read(session, structure.Sequences, cancel)).Select(State));
        Compare("number of ", Counts(manifest.Structure), Counts(structure));
        await LargeObjects(session, cancel);

        return new ProofReport(
            new Dictionary<string, long>
            {
                ["tables"] = manifest.Tables.Count, ["rows"] = rows, ["indexes"] = manifest.Structure.Indexes.Count,
                ["constraints"] = manifest.Structure.Constraints.Count, ["sequences"] = manifest.SequenceStates.Count,
                ["large objects"] = manifest.LargeObjects?.Count ?? 0,
            },
            differences);
    }

    private async Task<long> Rows(IReadOnlyList<Table> found, CancellationToken cancel)
    {
        var present = found.Where(t => t.HasRows).Select(t => t.FullName).ToHashSet();
        long compared = 0;
        foreach (var table in manifest.Tables.Where(t => t.HasRows && present.Contains(t.FullName)))
        {
            var rows = await Read(Catalog.CopyOut(table), $"Reading table {table.FullName}", table.FullName, cancel);
            compared += rows?.Rows ?? 0;
            Differ($"rows of {table.FullName}", Rows(table.Rows, table.Checksum), rows is null ? "columns that can't be read as in the dump" : Rows(rows.Rows, rows.Value));
        }

        return compared;
    }

    /// Null when the restored table has not the columns that were dumped.
    private async Task<RowChecksum?> Read(string copy, string doing, string detail, CancellationToken cancel)
    {
        await using var psql = await cluster.Source.Server.StartAsync(cluster.Psql(restored), cancel);
        var script = SessionSettings.ForRows(manifest.Database.Encoding) + SessionSettings.NoTimeouts(cluster.Major) + copy + "\n";
        await Streams.Say(psql, script, last: true, cancel);
        var rows = new RowChecksum();
        var exit = await Streams.Drain(psql, null, rows, count => Progress(count, detail), cancel);
        return exit.Ok ? rows : exit.ErrorText.Contains("42703", StringComparison.Ordinal) ? null : throw PostgresFailure.From(exit, doing, cluster.Source);
    }

    private async Task LargeObjects(Session session, CancellationToken cancel)
    {
        var found = await session.Ask(Catalog.DatabaseSql, PostgresJson.Default.DatabaseProperties, cancel);
        Differ("number of large objects", Number(manifest.LargeObjects?.Count ?? 0), Number(found.LargeObjects));
        if (manifest.LargeObjects?.Checksum is { } checksum && found.LargeObjectsReadable)
        {
            Differ("large objects", checksum, (await Read(Catalog.LargeObjectPages, "Reading the large objects", "large objects", cancel))!.Value);
        }
    }

    private void Compare(string kind, IEnumerable<(string Name, string Definition)> expected, IEnumerable<(string Name, string Definition)> found)
    {
        var there = found.ToLookup(f => f.Name, f => f.Definition);
        var names = new HashSet<string>();
        foreach (var (name, definition) in expected)
        {
            names.Add(name);
            Differ(kind + name, definition, there[name].FirstOrDefault() ?? Absent);
        }

        foreach (var extra in there.Where(f => !names.Contains(f.Key)))
        {
            Differ(kind + extra.Key, Absent, extra.First());
        }
    }

    private void Differ(string name, string expected, string found)
    {
        if (expected != found)
        {
            differences.Add(new ProofDifference(name, expected, found));
        }
    }

    private void Progress(long bytes, string detail)
    {
        done += bytes;
        dump.Progress.Report(new JobProgress("compare", done, Math.Max(done, manifest.Tables.Sum(t => t.Bytes)), Detail: detail));
    }

    private static string Columns(Table table) => $"({string.Join(", ", table.Columns.Select(Names.Identifier))})";

    private static string Rows(long count, string? checksum) => string.Create(CultureInfo.InvariantCulture, $"{count} rows with checksum {checksum}");

    private static string Number(long count) => count.ToString(CultureInfo.InvariantCulture);

    private static (string, string) Constraint(Constraint c) => ($"{Names.Object(c.Schema, c.Owner)}.{Names.Identifier(c.Name)}", c.Definition);

    private static (string, string) State(SequenceState s) =>
        (Names.Object(s.Schema, s.Name), string.Create(CultureInfo.InvariantCulture, $"at {s.LastValue}, {(s.IsCalled ? "used" : "unused")}"));

    private static IEnumerable<(string, string)> Counts(Structure structure) => structure.Counts.Select(c => (c.Key, Number(c.Value)));
}
