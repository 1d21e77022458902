using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Serialization;
using MedicineMan.Jobs.Rows;
using Npgsql;

namespace MedicineMan.Jobs.Enqueueing;

/// Puts jobs into the table, one or many in a single statement.
internal sealed class Insertion(SqlDialect dialect)
{
    private static readonly string[] Columns =
    [
        "id text", "organization_id text", "type text", "version integer", "arguments text", "title text", "server_id text", "requested_by text",
        "queue text", "lane text", "rank bigint", "concurrency_key text", "concurrency_limit integer", "unique_key text", "priority integer", "state text",
        "max_attempts integer", "time_limit bigint", "deadline bigint", "created_at bigint", "due_at bigint", "history text", "group_id text",
    ];

    private static readonly string[] ColumnNames = [.. Columns.Select(column => column[..column.IndexOf(' ', StringComparison.Ordinal)])];

    private static readonly string Names = string.Join(", ", ColumnNames);

    private const string UnfinishedSql = """
        select id from jobs where organization_id = @OrganizationId and unique_key = @UniqueKey and ended_at is null
        """;

    // "where true" keeps SQLite from reading "on conflict" as part of a join.
    private readonly string insertSql = $"""
        insert into jobs ({Names}, attempt, failures, lease_token, cancel_requested)
        select {Names}, 0, 0, 0, 0 from {Statements.Items(dialect, Columns)} where true
        on conflict do nothing
        returning id
        """;

    // On the same way there and back.
    private string TellingSql => $"{insertSql};\n{JobChanges.NotifySql}";

    private const int FewRows = 50;

    private static readonly string OneSql = $"""
        insert into jobs ({Names}, attempt, failures, lease_token, cancel_requested)
        values ({string.Join(", ", Names.Split(", ").Select(name => $"@{name}"))}, 0, 0, 0, 0)
        on conflict do nothing
        """;

    /// The ids in the order of the rows; with a payload for PostgreSQL's listeners, they are told. For a row whose unique key an unfinished job has, the id of that one.
    public async Task<IReadOnlyList<string>> Insert(DbTransaction transaction, IReadOnlyList<NewJob> rows, string? payload, CancellationToken cancel)
    {
        if (transaction.Connection is NpgsqlConnection postgres && payload is null && rows.Count > FewRows && rows.All(row => row.UniqueKey is null))
        {
            await Copy(postgres, rows, cancel);
            return [.. rows.Select(row => row.Id)];
        }

        var inserted = dialect == SqlDialect.Sqlite
            ? await Each(transaction, rows, cancel)
            : (await transaction.Rows<string>(payload is null ? insertSql : TellingSql, new { rows = Statements.Json(rows), payload }, cancel)).Count;
        if (inserted == rows.Count)
        {
            return [.. rows.Select(row => row.Id)];
        }

        var ids = new List<string>(rows.Count);
        foreach (var row in rows)
        {
            ids.Add(row.UniqueKey is null ? row.Id : await Unfinished(transaction, row, cancel));
        }

        return ids;
    }

    /// Many rows cost half of what they do as JSON. Nothing can be in the way of a row without a unique key. What none of them has is left out.
    private static async Task Copy(NpgsqlConnection connection, IReadOnlyList<NewJob> rows, CancellationToken cancel)
    {
        List<object?[]> values = [.. rows.Select(row => row.Values())];
        int[] given = [.. Enumerable.Range(0, Columns.Length).Where(column => values.Exists(row => row[column] is not null))];
        var names = string.Join(", ", given.Select(column => ColumnNames[column]));
        await using var copy = await connection.BeginBinaryImportAsync($"copy jobs ({names}, attempt, failures, lease_token, cancel_requested) from stdin (format binary)", cancel);
        foreach (var row in values)
        {
            await copy.StartRowAsync(cancel);
            foreach (var column in given)
            {
                await (row[column] switch
                {
                    null => copy.WriteNullAsync(cancel),
                    string text => copy.WriteAsync(text, cancel),
                    int number => copy.WriteAsync(number, cancel),
                    var number => copy.WriteAsync((long)number, cancel),
                });
            }

            for (var zero = 0; zero < 4; zero++)
            {
                await (zero == 2 ? copy.WriteAsync(0L, cancel) : copy.WriteAsync(0, cancel));
            }
        }

        await copy.CompleteAsync(cancel);
    }

    /// SQLite has no way there and back to save: one statement, bound anew for each row, costs less than reading JSON.
    private static async Task<int> Each(DbTransaction transaction, IReadOnlyList<NewJob> rows, CancellationToken cancel)
    {
        await using var command = transaction.Connection!.CreateCommand();
        (command.Transaction, command.CommandText) = (transaction, OneSql);
        foreach (var name in Names.Split(", "))
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = $"@{name}";
            command.Parameters.Add(parameter);
        }

        var inserted = 0;
        foreach (var row in rows)
        {
            var place = 0;
            foreach (var value in row.Values())
            {
                command.Parameters[place++].Value = value ?? DBNull.Value;
            }

            inserted += await command.ExecuteNonQueryAsync(cancel);
        }

        return inserted;
    }

    private async Task<string> Unfinished(DbTransaction transaction, NewJob row, CancellationToken cancel)
    {
        while (true)
        {
            if (await transaction.Rows<string>(UnfinishedSql, row, cancel) is [var id])
            {
                return id;
            }

            // The job that was in the way has ended since; the insert has its turn again.
            if ((dialect == SqlDialect.Sqlite ? await Each(transaction, [row], cancel) : (await transaction.Rows<string>(insertSql, new { rows = Statements.Json([row]) }, cancel)).Count) > 0)
            {
                return row.Id;
            }
        }
    }
}

/// A job on its way into the table.
internal sealed record NewJob
{
    public required string Id { get; init; }

    public required string OrganizationId { get; init; }

    public required string Type { get; init; }

    public required int Version { get; init; }

    public required string Arguments { get; init; }

    public string? Title { get; init; }

    public string? ServerId { get; init; }

    public string? RequestedBy { get; init; }

    public required string Queue { get; init; }

    public required string Lane { get; init; }

    public required long Rank { get; init; }

    public string? ConcurrencyKey { get; init; }

    public required int ConcurrencyLimit { get; init; }

    public string? UniqueKey { get; init; }

    public required int Priority { get; init; }

    public required string State { get; init; }

    public required int MaxAttempts { get; init; }

    public long? TimeLimit { get; init; }

    public long? Deadline { get; init; }

    public required long CreatedAt { get; init; }

    public required long DueAt { get; init; }

    public required string History { get; init; }

    public string? GroupId { get; init; }

    /// In the order of the columns.
    public object?[] Values() =>
    [
        Id, OrganizationId, Type, Version, Arguments, Title, ServerId, RequestedBy, Queue, Lane, Rank, ConcurrencyKey, ConcurrencyLimit, UniqueKey, Priority, State,
        MaxAttempts, TimeLimit, Deadline, CreatedAt, DueAt, History, GroupId,
    ];

    [JsonIgnore]
    public JobSignal Signal => new(IsReady ? JobSignal.IsReady : JobSignal.IsChanged, OrganizationId, Id);

    [JsonIgnore]
    public bool IsReady => State == ReadyState;

    private static readonly string ReadyState = JobState.Ready.Stored();

    /// Throws when the request can't be kept, with what is wrong.
    public static NewJob Of(JobRequest request, DateTimeOffset now, string? group = null)
    {
        Check(request, now);
        var due = request.NotBefore is { } later && later > now ? later : now;
        return new()
        {
            Id = Guid.CreateVersion7(now).ToString("N"),
            OrganizationId = request.Organization,
            Type = request.Type,
            Version = request.Version,
            Arguments = request.Arguments,
            Title = request.Title,
            ServerId = request.ServerId,
            RequestedBy = request.RequestedBy,
            Queue = request.Queue,
            Lane = Lanes.Home(request.Queue, request.Organization),
            Rank = Lanes.Rank(due, request.Priority),
            ConcurrencyKey = request.ConcurrencyKey,
            ConcurrencyLimit = request.ConcurrencyLimit,
            UniqueKey = request.UniqueKey,
            Priority = request.Priority,
            State = (due > now ? JobState.Scheduled : JobState.Ready).Stored(),
            MaxAttempts = request.MaxAttempts,
            TimeLimit = (long?)request.TimeLimit?.TotalMilliseconds,
            Deadline = request.Deadline?.Milliseconds(),
            CreatedAt = now.Milliseconds(),
            DueAt = due.Milliseconds(),
            History = request.History.Stored(),
            GroupId = group,
        };
    }

    private static void Check(JobRequest request, DateTimeOffset now)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(request.Organization);
        ArgumentException.ThrowIfNullOrWhiteSpace(request.Type);
        ArgumentOutOfRangeException.ThrowIfLessThan(request.MaxAttempts, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(request.ConcurrencyLimit, 1);
        if (!QueueName.IsOne(request.Queue))
        {
            throw new ArgumentException($"“{request.Queue}” is no name of a queue: {QueueName.Rule}", nameof(request));
        }

        if (request.Deadline is { } deadline && (deadline <= now || deadline <= request.NotBefore))
        {
            throw new ArgumentException($"The deadline of the job {request.Type} has passed before it could start.", nameof(request));
        }

        try
        {
            using var arguments = JsonDocument.Parse(request.Arguments);
        }
        catch (JsonException exception)
        {
            throw new ArgumentException($"The arguments of the job {request.Type} are not JSON.", nameof(request), exception);
        }
    }
}
