using System.Text;
using System.Text.Json;
using MedicineMan.Jobs.Rows;

namespace MedicineMan.Jobs.Enqueueing;

/// A job on its way into the table: what was asked for, and what the queue makes of it.
internal sealed record NewJob(string Id, JobRequest Request, DateTimeOffset Now, DateTimeOffset Due, string? Group)
{
    private static readonly (string Name, string Type, Func<NewJob, object?> Value)[] Written =
    [
        ("id", "text", job => job.Id),
        ("organization_id", "text", job => job.Request.Organization),
        ("type", "text", job => job.Request.Type),
        ("version", "integer", job => job.Request.Version),
        ("arguments", "text", job => job.Request.Arguments),
        ("title", "text", job => job.Request.Title),
        ("server_id", "text", job => job.Request.ServerId),
        ("requested_by", "text", job => job.Request.RequestedBy),
        ("queue", "text", job => job.Request.Queue),
        ("lane", "text", job => Lanes.Home(job.Request.Queue, job.Request.Organization)),
        ("rank", "bigint", job => Lanes.Rank(job.Due, job.Request.Priority)),
        ("concurrency_key", "text", job => job.Request.ConcurrencyKey),
        ("concurrency_limit", "integer", job => job.Request.ConcurrencyLimit),
        ("second_key", "text", job => job.Request.SecondKey),
        ("second_limit", "integer", job => job.Request.SecondKey is null ? null : job.Request.SecondLimit),
        ("unique_key", "text", job => job.Request.UniqueKey),
        ("priority", "integer", job => job.Request.Priority),
        ("state", "text", job => (job.Taken is not null ? JobState.Running : job.IsReady ? JobState.Ready : JobState.Scheduled).Stored()),
        ("attempt", "integer", job => job.Taken?.Job.Attempt ?? 0),
        ("failures", "integer", _ => 0),
        ("lease_token", "bigint", job => job.Taken?.Job.Token ?? 0),
        ("lease_until", "bigint", job => job.Taken?.Until.Milliseconds()),
        ("worker", "text", job => job.Taken?.Job.Worker),
        ("started_at", "bigint", job => job.Taken?.Job.StartedAt),
        ("cancel_requested", "integer", _ => 0),
        ("max_attempts", "integer", job => job.Request.MaxAttempts),
        ("time_limit", "bigint", job => (long?)job.Request.TimeLimit?.TotalMilliseconds),
        ("deadline", "bigint", job => job.Request.Deadline?.Milliseconds()),
        ("created_at", "bigint", job => job.Now.Milliseconds()),
        ("due_at", "bigint", job => job.Due.Milliseconds()),
        ("history", "text", job => job.Request.History.Stored()),
        ("group_id", "text", job => job.Group),
    ];

    public static string[] Columns { get; } = [.. Written.Select(column => column.Name)];

    /// Each with its type, as a list of rows in JSON is read.
    public static string[] TypedColumns { get; } = [.. Written.Select(column => $"{column.Name} {column.Type}")];

    /// Who runs it from the start; null for all that wait to be claimed.
    public Handover? Taken { get; init; }

    public JobSignal Signal => new(IsReady && Taken is null ? JobSignal.IsReady : JobSignal.IsChanged, Request.Organization, Id);

    public bool IsReady => Due <= Now;

    /// Whether it shares nothing with other jobs that could hold it back.
    public bool IsFree => IsReady && Group is null && Request is { ConcurrencyKey: null, SecondKey: null, UniqueKey: null };

    /// As a worker holds it that takes it now.
    public ClaimedJob Claim(DateTimeOffset now)
    {
        var claimed = new ClaimedJob
        {
            Id = Id, Organization = Request.Organization, Type = Request.Type, Version = Request.Version, Arguments = Request.Arguments, Attempt = 1, Failures = 0,
            MaxAttempts = Request.MaxAttempts, TimeLimit = (long?)Request.TimeLimit?.TotalMilliseconds, Deadline = Request.Deadline?.Milliseconds(), Token = 0,
            StartedAt = now.Milliseconds(), ConcurrencyLimit = Request.ConcurrencyLimit, Priority = Request.Priority, DueAt = Due.Milliseconds(), Queue = Request.Queue,
            Crashes = 0, Granted = 0,
        };
        return claimed with { Token = claimed.TokenAfter(now) };
    }

    /// In the order of the columns.
    public object?[] Values() => Array.ConvertAll(Written, column => column.Value(this));

    public static string Json(IEnumerable<NewJob> jobs)
    {
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text))
        {
            writer.WriteStartArray();
            foreach (var job in jobs)
            {
                writer.WriteStartObject();
                foreach (var (name, _, value) in Written)
                {
                    switch (value(job))
                    {
                        case null:
                            break;
                        case string words:
                            writer.WriteString(name, words);
                            break;
                        case var number:
                            writer.WriteNumber(name, Convert.ToInt64(number, System.Globalization.CultureInfo.InvariantCulture));
                            break;
                    }
                }

                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
    }

    /// Throws when the request can't be kept, with what is wrong.
    public static NewJob Of(JobRequest request, DateTimeOffset now, JobIds ids) => Of(request, now, null, ids.New(now));

    /// The ids in the order of the requests: they run in it.
    public static List<NewJob> Of(IReadOnlyList<JobRequest> requests, DateTimeOffset now, JobIds ids, string? group) =>
        [.. requests.Zip(ids.New(now, requests.Count), (request, id) => Of(request, now, group, id))];

    private static NewJob Of(JobRequest request, DateTimeOffset now, string? group, string id)
    {
        Check(request, now);
        return new(id, request, now, request.NotBefore is { } later && later > now ? later : now, group);
    }

    private static void Check(JobRequest request, DateTimeOffset now)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(request.Organization);
        ArgumentException.ThrowIfNullOrWhiteSpace(request.Type);
        ArgumentOutOfRangeException.ThrowIfLessThan(request.MaxAttempts, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(request.ConcurrencyLimit, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(request.SecondLimit, 1);
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
