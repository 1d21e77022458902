using Dapper;

namespace MedicineMan.Benchmarks.Jobs;

/// <summary>Finished jobs in any number, made by the database itself from one that our worker has really run.</summary>
internal static class History
{
    /// <summary>Whose jobs they are.</summary>
    public const string Organization = "past";

    private const string Id = "lpad(to_hex(step), 32, '0')";
    private const string ColumnsSql = """
        select column_name from information_schema.columns
        where table_schema = current_schema() and table_name = @table and is_identity = 'NO' and is_generated = 'NEVER' order by ordinal_position
        """;

    /// <summary>Jobs and attempts; of another organisation than those that are measured, a second apart.</summary>
    public static async Task Make(OurQueue queue, long count)
    {
        var handler = new Noop(1);
        await using (await queue.Work(handler, 1))
        {
            await queue.Enqueue(OurQueue.Request(0, Organization));
            await handler.Done;
        }

        await using var connection = await queue.Database.OpenRead(CancellationToken.None);
        foreach (var table in new[] { "jobs", "job_attempts" })
        {
            var columns = (await connection.QueryAsync<string>(ColumnsSql, new { table })).ToList();
            var values = columns.Select(column => (table, column) switch
            {
                ("jobs", "id") or ("job_attempts", "job_id") => Id,
                (_, "created_at" or "due_at" or "started_at" or "ended_at") => $"one.{column} - 1000 * step",
                _ => $"one.{column}",
            });
            var sql = $"insert into {table} ({string.Join(", ", columns)}) select {string.Join(", ", values)} from {table} one cross join generate_series(1, @count) step";
            await connection.ExecuteAsync(sql, new { count }, commandTimeout: 3600);
        }

        await connection.ExecuteAsync("vacuum analyze", commandTimeout: 3600);
        // What making them left to be written is not what keeping them costs.
        await connection.ExecuteAsync("checkpoint", commandTimeout: 3600, commandType: System.Data.CommandType.Text);
    }
}
