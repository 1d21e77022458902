using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Serialization;
using Dapper;

namespace MedicineMan.Jobs.Rows;

/// Dapper with cancellation, and lists as JSON parameters, which both databases can join with.
internal static class Statements
{
    private static readonly JsonSerializerOptions SnakeCase = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static Task<int> Run(this DbTransaction transaction, string sql, object arguments, CancellationToken cancel) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(sql, arguments, transaction, cancellationToken: cancel));

    public static async Task<List<T>> Rows<T>(this DbTransaction transaction, string sql, object arguments, CancellationToken cancel) =>
        (await transaction.Connection!.QueryAsync<T>(new CommandDefinition(sql, arguments, transaction, cancellationToken: cancel))).AsList();

    public static async Task<List<T>> Rows<T>(this IJobDatabase database, string sql, object arguments, CancellationToken cancel)
    {
        await using var connection = await database.OpenRead(cancel);
        return (await connection.QueryAsync<T>(new CommandDefinition(sql, arguments, cancellationToken: cancel))).AsList();
    }

    public static string Json<T>(IEnumerable<T> items) => JsonSerializer.Serialize(items, SnakeCase);

    /// A from-clause "item" over the JSON list in @rows.
    public static string Items(SqlDialect dialect, params string[] columns) => dialect == SqlDialect.Postgres
        ? $"json_to_recordset(cast(@rows as json)) as item({string.Join(", ", columns)})"
        : $"(select {string.Join(", ", columns.Select(Extract))} from json_each(@rows)) as item";

    public static long Milliseconds(this DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    public static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    public static DateTimeOffset? Time(long? milliseconds) => milliseconds is { } value ? Time(value) : null;

    /// Where the ids of that time begin: they start with its milliseconds.
    public static string? IdAt(DateTimeOffset? time) => time is { } moment ? Guid.CreateVersion7(moment).ToString("N")[..12] : null;

    private static string Extract(string column)
    {
        var name = column[..column.IndexOf(' ', StringComparison.Ordinal)];
        return $"json_extract(value, '$.{name}') as {name}";
    }
}
