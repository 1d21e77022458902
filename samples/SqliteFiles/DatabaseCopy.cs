using System.Globalization;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using MedicineMan.Sdk.Backups;

namespace MedicineMan.Samples.SqliteFiles;

/// A copy of a database in a passing folder on the server: nobody writes to it, so all that is read from it belongs together.
internal sealed class DatabaseCopy(DatabaseFolder server, string folder) : IAsyncDisposable
{
    private const string TablesSql = """
        select hex(name) from sqlite_schema where type = 'table' and name not like 'sqlite\_%' escape '\' and sql not like 'create virtual%' order by name;
        """;

    private const string SchemaSql = "select hex(coalesce(sql, name)) from sqlite_schema order by type, name;";

    public string File => $"{folder}/copy";

    /// Hands the copy's bytes on.
    public async Task ReadAsync(Func<PipeReader, Task> take, CancellationToken cancel)
    {
        await using var running = await server.StartAsync(server.Spec("sh", "-c", """cat "$1" """, "sh", File) with { TimeLimit = Timeout.InfiniteTimeSpan }, cancel);
        await running.StandardInput.CompleteAsync();
        await take(running.StandardOutput);
        DatabaseFolder.Ensure(await running.Completion, "The copy could not be read");
    }

    /// The tables with rows and checksums, and the schema.
    public async Task<IReadOnlyList<DumpedObject>> ObjectsAsync(CancellationToken cancel)
    {
        var objects = new List<DumpedObject> { (await SumAsync("schema", SchemaSql, cancel)) with { Rows = null } };
        foreach (var table in (await QueryAsync(TablesSql, cancel)).Select(Text))
        {
            var columns = (await QueryAsync($"select hex(name) from pragma_table_info({Quote(table, '\'')});", cancel)).Select(column => Quote(Text(column), '"'));
            // Exact for every type: text and blobs by their bytes, numbers with broken parts by all their digits.
            var row = string.Join(" || ',' || ", columns.Select(column => $"case typeof({column}) when 'real' then 'r' || quote({column}) else substr(typeof({column}), 1, 1) || hex({column}) end"));
            objects.Add(await SumAsync(table, $"select {row} from {Quote(table, '"')};", cancel));
        }

        return objects;
    }

    public async ValueTask DisposeAsync() => await server.RunAsync(server.Spec("sh", "-c", """rm -rf -- "$1" """, "sh", folder), "", CancellationToken.None);

    /// The lines' hashes are added up, so the order of rows does not matter.
    private async Task<DumpedObject> SumAsync(string name, string sql, CancellationToken cancel)
    {
        var (rows, bytes, sum) = (0L, 0L, UInt128.Zero);
        var hash = new byte[SHA256.HashSizeInBytes];
        await foreach (var line in LinesAsync(sql, cancel))
        {
            SHA256.HashData(line, hash);
            (rows, bytes, sum) = (rows + 1, bytes + line.Length, unchecked(sum + new UInt128(BitConverter.ToUInt64(hash, 0), BitConverter.ToUInt64(hash, 8))));
        }

        return new DumpedObject(name, rows, bytes, sum.ToString("x32", CultureInfo.InvariantCulture));
    }

    private async Task<List<string>> QueryAsync(string sql, CancellationToken cancel)
    {
        var lines = new List<string>();
        await foreach (var line in LinesAsync(sql, cancel))
        {
            lines.Add(Encoding.ASCII.GetString(line));
        }

        return lines;
    }

    private async IAsyncEnumerable<byte[]> LinesAsync(string sql, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        await using var running = await server.StartAsync(server.Spec("sqlite3", "-bail", "-batch", "-readonly", "-noheader", "-list", File) with { TimeLimit = Timeout.InfiniteTimeSpan }, cancel);
        await running.StandardInput.WriteAsync(Encoding.UTF8.GetBytes(sql), cancel);
        await running.StandardInput.CompleteAsync();
        await using var output = running.StandardOutput.AsStream();
        using var lines = new StreamReader(output, Encoding.ASCII);
        while (await lines.ReadLineAsync(cancel) is { } line)
        {
            yield return Encoding.ASCII.GetBytes(line);
        }

        DatabaseFolder.Ensure(await running.Completion, "sqlite3 could not read the copy");
    }

    private static string Text(string hex) => Encoding.UTF8.GetString(Convert.FromHexString(hex));

    private static string Quote(string name, char mark) => $"{mark}{name.Replace($"{mark}", $"{mark}{mark}", StringComparison.Ordinal)}{mark}";
}
