using System.Text.Json;
using System.Text.Json.Serialization;

namespace MedicineMan.Plugins.Postgres;

/// What a dump of one database holds, beside it as <c>manifest.json</c>: enough to restore without guessing, and to prove the copy.
internal sealed record Manifest
{
    public const int CurrentFormat = 1;

    public required int Format { get; init; }

    public required string ServerVersion { get; init; }

    public required int ServerNumber { get; init; }

    public required string ToolVersion { get; init; }

    public required DatabaseProperties Database { get; init; }

    public required IReadOnlyList<Table> Tables { get; init; }

    public required Structure Structure { get; init; }

    public required IReadOnlyList<SequenceState> SequenceStates { get; init; }

    public LargeObjects? LargeObjects { get; init; }
}

/// What is not in the database but about it.
internal sealed record DatabaseProperties
{
    public required string Name { get; init; }

    public required string Owner { get; init; }

    public required string Encoding { get; init; }

    public required string Collate { get; init; }

    public required string Ctype { get; init; }

    /// c, i (ICU) or b (built in); null before version 15.
    public string? LocaleProvider { get; init; }

    public string? Locale { get; init; }

    public int ConnectionLimit { get; init; } = -1;

    public string? Comment { get; init; }

    public long Bytes { get; init; }

    public bool HasGrants { get; init; }

    public IReadOnlyList<DatabaseGrant> Grants { get; init; } = [];

    public IReadOnlyList<DatabaseSetting> Settings { get; init; } = [];

    /// Every role that owns or may use something in it.
    public IReadOnlyList<string> Roles { get; init; } = [];

    public IReadOnlyList<string> Schemas { get; init; } = [];

    public IReadOnlyList<string> Extensions { get; init; } = [];

    public long LargeObjects { get; init; }

    public bool LargeObjectsReadable { get; init; }
}

internal sealed record DatabaseGrant(string Grantee, string Privilege, bool Grantable);

internal sealed record DatabaseSetting(string? Role, string Setting);

/// A table; <see cref="Kind"/> is r for one with rows, p for the root or branch of partitions, f for a foreign one.
internal sealed record Table
{
    public required long Oid { get; init; }

    public required string Schema { get; init; }

    public required string Name { get; init; }

    public required string Kind { get; init; }

    public IReadOnlyList<string> Columns { get; init; } = [];

    /// Which rows of an extension's table are the user's own, as the extension says; null for all.
    public string? Condition { get; init; }

    /// Tables it is a partition of or inherits from.
    public IReadOnlyList<long> Parents { get; init; } = [];

    public long EstimatedBytes { get; init; }

    public long Rows { get; init; }

    public long Bytes { get; init; }

    public string? Checksum { get; init; }

    [JsonIgnore]
    public string FullName => Names.Object(Schema, Name);

    [JsonIgnore]
    public bool HasRows => Kind == "r";
}

/// What must be the same after a restore, by definition.
internal sealed record Structure
{
    public IReadOnlyList<Index> Indexes { get; init; } = [];

    public IReadOnlyList<Constraint> Constraints { get; init; } = [];

    public IReadOnlyList<Sequence> Sequences { get; init; } = [];

    public IReadOnlyList<MaterializedView> MaterializedViews { get; init; } = [];

    /// Views, functions, triggers and types, by number.
    public IReadOnlyDictionary<string, long> Counts { get; init; } = new Dictionary<string, long>();
}

internal sealed record Index(long Oid, long Table, string Schema, string Name, string Definition);

/// <param name="Oid">In the original.</param>
/// <param name="Table">0 for a domain's.</param>
/// <param name="References">The table a foreign key points at, or 0.</param>
/// <param name="Schema">Of table or domain.</param>
/// <param name="Owner">Name of table or domain.</param>
/// <param name="Name">Own name.</param>
/// <param name="Definition">As PostgreSQL prints it.</param>
internal sealed record Constraint(long Oid, long Table, long References, string Schema, string Owner, string Name, string Definition);

internal sealed record Sequence(long Oid, string Schema, string Name, IReadOnlyList<long> UsedBy);

internal sealed record SequenceState(string Schema, string Name, long LastValue, bool IsCalled)
{
    public static async Task<IReadOnlyList<SequenceState>> Read(Session session, IReadOnlyList<Sequence> sequences, CancellationToken cancel)
    {
        var states = new List<SequenceState>();
        foreach (var batch in sequences.Chunk(200))
        {
            states.AddRange(await session.Ask(Catalog.SequenceStates(batch), PostgresJson.Default.IReadOnlyListSequenceState, cancel));
        }

        return states;
    }
}

internal sealed record MaterializedView(long Oid, string Schema, string Name, bool Populated);

internal sealed record LargeObjects(long Count, string? Checksum);

internal sealed record FoundDatabase(string Name, long? Bytes);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, NewLine = "\n")]
[JsonSerializable(typeof(Manifest))]
[JsonSerializable(typeof(ServerIdentity))]
[JsonSerializable(typeof(Scanning.ClusterAnswer))]
[JsonSerializable(typeof(Restoring.TargetState))]
[JsonSerializable(typeof(DatabaseProperties))]
[JsonSerializable(typeof(Structure))]
[JsonSerializable(typeof(IReadOnlyList<Table>))]
[JsonSerializable(typeof(IReadOnlyList<SequenceState>))]
[JsonSerializable(typeof(IReadOnlyList<FoundDatabase>))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class PostgresJson : JsonSerializerContext;
