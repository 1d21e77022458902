namespace MedicineMan.Jobs.Pausing;

/// What can be held back.
public enum PauseKind
{
    Queue,
    Type,

    /// Everything.
    All,
}

/// Something that is held back: what runs goes on, what waits is not started.
public sealed record JobPause(string Organization, PauseKind Kind, string Name)
{
    /// In place of an organisation: all of them.
    public const string Everybody = "";

    public string PausedBy { get; init; } = "";

    public DateTimeOffset PausedAt { get; init; }
}

internal static class PauseKinds
{
    public static string Stored(this PauseKind kind) => kind switch { PauseKind.Queue => "queue", PauseKind.Type => "type", _ => "all" };

    public static PauseKind Read(string stored) => stored switch { "queue" => PauseKind.Queue, "type" => PauseKind.Type, _ => PauseKind.All };
}
