using System.Text.Json;
using System.Text.Json.Serialization;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Enqueueing;

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
    public static NewJob Of(JobRequest request, DateTimeOffset now) => Of(request, now, null, NewId(now));

    /// The ids in the order of the requests: they run in it, and each lands at the end of its indexes, where a database has the least to do.
    public static List<NewJob> Of(IReadOnlyList<JobRequest> requests, DateTimeOffset now, string? group)
    {
        var ids = new string[requests.Count];
        for (var place = 0; place < ids.Length; place++)
        {
            ids[place] = NewId(now);
        }

        Array.Sort(ids, StringComparer.Ordinal);
        return [.. requests.Select((request, place) => Of(request, now, group, ids[place]))];
    }

    private static string NewId(DateTimeOffset now) => Guid.CreateVersion7(now).ToString("N");

    private static NewJob Of(JobRequest request, DateTimeOffset now, string? group, string id)
    {
        Check(request, now);
        var due = request.NotBefore is { } later && later > now ? later : now;
        return new()
        {
            Id = id,
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
