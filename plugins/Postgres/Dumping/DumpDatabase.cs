using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using MedicineMan.Sdk.Backups;
using MedicineMan.Sdk.Commands;
using MedicineMan.Sdk.Jobs;

namespace MedicineMan.Plugins.Postgres.Dumping;

/// Dumps one database: a session holds a snapshot and locks on all tables, and every other program reads in that snapshot, so that
/// schema, rows, counts and checksums are of one moment.
internal sealed class DumpDatabase(Cluster cluster, string database, IDumpWriter dump, TimeSpan lockLimit)
{
    private const int TablesAtOnce = 2;

    private readonly string lockLimit = lockLimit.TotalMilliseconds.ToString("0", System.Globalization.CultureInfo.InvariantCulture);
    private string snapshot = "";
    private string encoding = "";
    private long done;
    private long expected;

    public async Task<DumpedItem> Run(CancellationToken cancel)
    {
        await using var holder = await Session.Open(cluster, database, cancel);
        // The catalogue's functions lock tables too, so the limit holds from the start.
        await holder.Run($"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL lock_timeout = {lockLimit};", "Starting the dump", cancel);
        snapshot = (await holder.Run("select pg_catalog.pg_export_snapshot();", "Exporting the snapshot", cancel)).Trim();

        var properties = await holder.Ask(Catalog.DatabaseSql, PostgresJson.Default.DatabaseProperties, cancel);
        var tables = await holder.Ask(Catalog.TablesSql, PostgresJson.Default.IReadOnlyListTable, cancel);
        var structure = await holder.Ask(Catalog.StructureSql, PostgresJson.Default.Structure, cancel);
        (encoding, expected) = (properties.Encoding, tables.Sum(t => t.EstimatedBytes));
        dump.Progress.Report(new JobProgress("dump", 0, expected, Detail: database));
        await Lock(holder, tables, cancel);
        foreach (var foreign in tables.Where(t => t.Kind == "f"))
        {
            dump.Log($"Rows of foreign table {foreign.FullName} are not dumped: they live on another server. Its definition is.");
        }

        await Stream(["schema.pgdump"], $"Dumping the schema of {Names.Shown(database)}",
            cluster.Command("pg_dump", database, "-Fc", "-Z0", "--schema-only", $"--snapshot={snapshot}", $"--lock-wait-timeout={lockLimit}"), cancel);
        var dumped = await Rows([.. tables.Where(t => t.HasRows)], cancel);
        var states = await Sequences(holder, structure.Sequences, cancel);
        var large = properties.LargeObjects > 0 ? await Large(properties, cancel) : null;

        // Only if the holder still stands have the locks and the snapshot held all the time.
        await holder.Run("COMMIT;", $"Ending the snapshot of {Names.Shown(database)}", cancel);
        var manifest = new Manifest
        {
            Format = Manifest.CurrentFormat, ServerVersion = cluster.Server.Version, ServerNumber = cluster.Server.Number,
            ToolVersion = cluster.Tools.Version, Database = properties, Structure = structure, SequenceStates = states, LargeObjects = large,
            Tables = [.. dumped.Concat(tables.Where(t => !t.HasRows)).OrderBy(t => t.FullName, StringComparer.Ordinal)],
        };
        await Text(["manifest.json"], JsonSerializer.SerializeToUtf8Bytes(manifest, PostgresJson.Default.Manifest), cancel);
        return new DumpedItem(database, [.. manifest.Tables.Where(t => t.HasRows).Select(t => new DumpedObject(t.FullName, t.Rows, t.Bytes, t.Checksum))]);
    }

    /// pg_dump locks as well, but one table at a time and later; a table altered in between would not fit the snapshot.
    private async Task Lock(Session holder, IReadOnlyList<Table> tables, CancellationToken cancel)
    {
        foreach (var batch in tables.Where(t => t.Kind != "f").Chunk(100))
        {
            var names = string.Join(", ", batch.Select(t => "ONLY " + Names.Identifier(t.Schema, t.Name)));
            await holder.Run($"LOCK TABLE {names} IN ACCESS SHARE MODE;", $"Locking the tables of {Names.Shown(database)} for reading", cancel);
        }
    }

    private async Task<IReadOnlyList<Table>> Rows(Table[] tables, CancellationToken cancel)
    {
        // The largest first, so that no long one is left over for the end.
        var order = Enumerable.Range(0, tables.Length).OrderByDescending(i => tables[i].EstimatedBytes);
        await Parallel.ForEachAsync(order, new ParallelOptions { MaxDegreeOfParallelism = TablesAtOnce, CancellationToken = cancel },
            async (i, stop) => tables[i] = await Rows(tables[i], stop));
        return tables;
    }

    private async Task<Table> Rows(Table table, CancellationToken cancel)
    {
        var rows = new RowChecksum();
        await Streams.Write(dump, [database, "tables", $"{table.FullName}.copy"],
            (to, stop) => Copy(Catalog.CopyOut(table), $"Dumping table {table.FullName}", to, rows, table.FullName, stop), cancel);
        return table with { Rows = rows.Rows, Bytes = rows.Bytes, Checksum = rows.Value };
    }

    private async Task Copy(string copy, string doing, PipeWriter? to, RowChecksum rows, string detail, CancellationToken cancel)
    {
        await using var psql = await cluster.Source.Server.StartAsync(cluster.Psql(database), cancel);
        var script = $"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\nSET TRANSACTION SNAPSHOT {Names.Literal(snapshot)};\n"
            // Somebody who waits for an exclusive lock lets nobody pass, and waits for the holder, who waits for this.
            + SessionSettings.ForRows(encoding) + SessionSettings.NoTimeouts(cluster.Major) + $"SET lock_timeout = {lockLimit};\n" + copy + "\nCOMMIT;\n";
        var asking = Streams.Say(psql, script, last: true, cancel);
        var exit = await Streams.Drain(psql, to, rows, count => Progress(count, detail), cancel);
        await asking;
        if (!exit.Ok)
        {
            throw PostgresFailure.From(exit, doing, cluster.Source);
        }

        if (rows.MidRow)
        {
            throw new CommandException($"{doing} failed: the output ended in the middle of a row, although psql reported success.");
        }
    }

    private async Task<IReadOnlyList<SequenceState>> Sequences(Session holder, IReadOnlyList<Sequence> sequences, CancellationToken cancel)
    {
        var states = await SequenceState.Read(holder, sequences, cancel);
        await Text(["sequences.sql"], Encoding.UTF8.GetBytes(Catalog.SetSequences(states)), cancel);
        return states;
    }

    /// A whole archive without rows: large objects have entries both before and among the data, so a section alone would lose their owners.
    private async Task<LargeObjects> Large(DatabaseProperties properties, CancellationToken cancel)
    {
        await Stream(["large-objects.pgdump"], $"Dumping the large objects of {Names.Shown(database)}",
            cluster.Command("pg_dump", database, "-Fc", "-Z0", "-b", "--exclude-table-data=*.*", $"--snapshot={snapshot}"), cancel);
        if (!properties.LargeObjectsReadable)
        {
            dump.Log("The large objects are proven by number only: their content can be read by superusers alone.");
            return new LargeObjects(properties.LargeObjects, null);
        }

        var pages = new RowChecksum();
        await Copy(Catalog.LargeObjectPages, "Reading the large objects", null, pages, "large objects", cancel);
        return new LargeObjects(properties.LargeObjects, pages.Value);
    }

    private Task Stream(IReadOnlyList<string> path, string doing, CommandSpec command, CancellationToken cancel) =>
        Streams.Write(dump, [database, .. path], (to, stop) => ToolOutput.Write(cluster, command, doing, to, count => Progress(count, path[0]), stop), cancel);

    private Task Text(IReadOnlyList<string> path, byte[] content, CancellationToken cancel) =>
        Streams.Write(dump, [database, .. path], async (to, stop) => await to.WriteAsync(content, stop), cancel);

    private void Progress(long bytes, string detail)
    {
        var now = Interlocked.Add(ref done, bytes);
        dump.Progress.Report(new JobProgress("dump", now, Math.Max(now, expected), Detail: detail));
    }
}
