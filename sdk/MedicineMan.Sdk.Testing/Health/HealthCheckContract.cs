using System.Text.Json;
using System.Text.RegularExpressions;
using MedicineMan.Sdk.Commands;
using MedicineMan.Sdk.Health;
using Xunit;

namespace MedicineMan.Sdk.Testing.Health;

/// <summary>What every health check must do. Derive, give it a server that is well and one that is not, and it runs.</summary>
public abstract partial class HealthCheckContract
{
    /// <summary>The check under test.</summary>
    protected abstract IHealthCheck Check { get; }

    /// <summary>A server on which all is as it should be.</summary>
    protected abstract Task<ICommandRunner> WellAsync();

    /// <summary>A server on which it is not.</summary>
    protected abstract Task<ICommandRunner> IllAsync();

    /// <summary>What the check's form produced.</summary>
    protected virtual JsonElement Settings => JsonElement.Parse("{}");

    /// <summary>All is well.</summary>
    [SkippableFact]
    public async Task A_server_that_is_well_is_good()
    {
        var report = await LookAsync(await WellAsync());
        Assert.Equal(HealthState.Good, report.State);
        Sound(report);
    }

    /// <summary>All is not well.</summary>
    [SkippableFact]
    public async Task A_server_that_is_ill_is_not_good_and_says_what_to_do()
    {
        var report = await LookAsync(await IllAsync());
        Assert.Contains(report.State, new[] { HealthState.Warning, HealthState.Critical });
        Sound(report);
    }

    /// <summary>What cannot be found out is unknown, never good.</summary>
    [SkippableFact]
    public async Task A_server_that_answers_no_command_is_unknown()
    {
        var server = new ScriptedRunner(new ScriptedAnswer(_ => true) { ExitCode = 127, ErrorText = "not found" });
        HealthReport? report = null;
        try
        {
            report = await LookAsync(server);
        }
        catch (UserFacingException failure)
        {
            Assert.NotEmpty(failure.Message);
        }

        Assert.NotEqual(HealthState.Good, report?.State);
    }

    /// <summary>Output that is none of what was asked for is no failure of the check's code.</summary>
    [SkippableTheory]
    [InlineData("")]
    [InlineData("\u0001\u0002 99999999999999999999 -1 NaN %s $(reboot)\n\n=\n")]
    public async Task Nonsense_is_unknown_or_a_sentence(string output)
    {
        try
        {
            Sound(await LookAsync(new ScriptedRunner(new ScriptedAnswer(_ => true) { Output = System.Text.Encoding.UTF8.GetBytes(output) })));
        }
        catch (UserFacingException failure)
        {
            Assert.NotEmpty(failure.Message);
        }
    }

    /// <summary>Cancelling ends the look.</summary>
    [SkippableFact]
    public async Task A_cancelled_look_ends()
    {
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        var slow = new ScriptedRunner(new ScriptedAnswer(_ => true) { Delay = TimeSpan.FromMinutes(5) });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Check.CheckAsync(slow, Settings, cancel.Token).WaitAsync(TimeSpan.FromSeconds(10)));
    }

    private Task<HealthReport> LookAsync(ICommandRunner server) => Check.CheckAsync(server, Settings, default).WaitAsync(TimeSpan.FromSeconds(10));

    private static void Sound(HealthReport report)
    {
        Assert.NotEmpty(report.Sentence);
        Assert.All(report.Measures, measure =>
        {
            Assert.Matches(MeasureName(), measure.Key);
            Assert.True(double.IsFinite(measure.Value), measure.Key);
        });
    }

    [GeneratedRegex(@"^[a-z][a-z0-9]*(\.[a-z][a-z0-9]*)+$")]
    private static partial Regex MeasureName();
}
