using System.Text.Json;

namespace MedicineMan.Host.Plugins.Faults;

/// Plugins that are not loaded any more because they took the process down or threw where nobody can catch. Kept in a file beside the database,
/// so that a start can read it before anything else works.
internal sealed partial class Quarantine
{
    public const string Load = "load";

    /// Of the problem that a held plugin is refused with.
    public const string Code = "MM1082";

    private const int Strikes = 2;

    private readonly Lock gate = new();
    private readonly string? file;
    private readonly TimeProvider clock;
    private Kept kept = new([], []);

    /// <param name="file">Null to keep nothing.</param>
    public Quarantine(string? file, Breadcrumbs crumbs, TimeProvider clock, ILogger<Quarantine> log)
    {
        (this.file, this.clock) = (file, clock);
        if (file is null)
        {
            return;
        }

        kept = Read(file, log);
        Judge(crumbs.Left, log);
    }

    /// The last process died inside a plugin. Until one has ended well plugins are loaded one after the other, so that the one at fault is told from
    /// those that only happened to be loaded beside it.
    public bool Careful
    {
        get
        {
            lock (gate)
            {
                return kept.Died.Count > 0;
            }
        }
    }

    /// Why a plugin is not loaded; null when it may be.
    public string? Reason(string plugin)
    {
        lock (gate)
        {
            return kept.Held.TryGetValue(plugin, out var held) ? held.Reason : null;
        }
    }

    public void Put(string plugin, string reason)
    {
        lock (gate)
        {
            kept.Held[plugin] = new Held(reason, clock.GetUtcNow());
            Write();
        }
    }

    /// A person wants it loaded again.
    public void Release(string plugin)
    {
        lock (gate)
        {
            if (kept.Held.Remove(plugin) | kept.Died.Remove(plugin))
            {
                Write();
            }
        }
    }

    // A power cut or a kill can find the process inside any plugin, and inside one of the busiest ones more than once. So it takes two deaths in a
    // row inside the same plugin; and a plugin that ships with the host is only held when it was being loaded, since without it nothing works.
    private void Judge(IReadOnlyList<Crumb> left, ILogger log)
    {
        if (left.Count == 0 && kept.Died.Count == 0)
        {
            return;
        }

        var died = new Dictionary<string, int>();
        foreach (var crumb in left)
        {
            var times = died[crumb.Plugin] = kept.Died.GetValueOrDefault(crumb.Plugin) + 1;
            Log.DiedInside(log, crumb.Plugin, crumb.Where, times);
            if (times >= Strikes && (crumb.Where == Load || !crumb.Plugin.StartsWith("medicineman.", StringComparison.Ordinal)))
            {
                kept.Held[crumb.Plugin] = new Held($"The process died {times} times in a row inside this plugin, last in a {crumb.Where}.", clock.GetUtcNow());
            }
        }

        kept = kept with { Died = died };
        Write();
    }

    private void Write()
    {
        if (file is not null)
        {
            File.WriteAllText(file + ".new", JsonSerializer.Serialize(kept, JsonSerializerOptions.Web));
            File.Move(file + ".new", file, overwrite: true);
        }
    }

    private static Kept Read(string file, ILogger log)
    {
        try
        {
            return File.Exists(file) ? JsonSerializer.Deserialize<Kept>(File.ReadAllText(file), JsonSerializerOptions.Web) ?? new Kept([], []) : new Kept([], []);
        }
        catch (JsonException unreadable)
        {
            Log.Unreadable(log, file, unreadable.Message);
            return new Kept([], []);
        }
    }

    private sealed record Kept(Dictionary<string, Held> Held, Dictionary<string, int> Died);

    private sealed record Held(string Reason, DateTimeOffset At);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The last process ended while it was inside the plugin {Plugin} ({Where}); {Times} times in a row")]
        public static partial void DiedInside(ILogger log, string plugin, string where, int times);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{File} cannot be read and is begun anew: {Reason}")]
        public static partial void Unreadable(ILogger log, string file, string reason);
    }
}
