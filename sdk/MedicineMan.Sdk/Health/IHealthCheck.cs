using System.Text.Json;
using MedicineMan.Sdk.Commands;

namespace MedicineMan.Sdk.Health;

/// <summary>A kind of check that says how something on a server is. Contract <c>health</c> in the manifest.</summary>
public interface IHealthCheck : IProvider
{
    /// <summary>Looks once, within ten seconds, and changes nothing.</summary>
    /// <param name="server">Where to look; without the capability <c>exec</c> every command is refused.</param>
    /// <param name="settings">What the check's form produced; an empty object when it has none.</param>
    /// <param name="cancel">Ends the look.</param>
    /// <exception cref="UserFacingException">It could not be found out; shown as unknown, not as bad.</exception>
    Task<HealthReport> CheckAsync(ICommandRunner server, JsonElement settings, CancellationToken cancel);
}

/// <summary>How something is.</summary>
/// <param name="State">In one word.</param>
/// <param name="Sentence">For people: what is so, and when it is not good, what to do.</param>
/// <param name="Measures">Numbers behind it, kept as time series; names are dotted lower-case words with the unit last, such as <c>queue.wait.seconds</c>.</param>
public sealed record HealthReport(HealthState State, string Sentence, IReadOnlyDictionary<string, double> Measures);

/// <summary>How something is, in one word. Later versions may know more: treat an unknown one as <see cref="Unknown"/>.</summary>
public enum HealthState
{
    /// <summary>It could not be found out.</summary>
    Unknown,

    /// <summary>As it should be.</summary>
    Good,

    /// <summary>Somebody should look.</summary>
    Warning,

    /// <summary>It does not work.</summary>
    Critical,
}
