using System.CommandLine;
using System.Globalization;
using MedicineMan.Repository.Retention;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli.Repository.Upkeep;

/// <summary>The <c>--keep-…</c> options, which make a rule.</summary>
internal sealed class KeepOptions
{
    private readonly Option<string>[] counts = [.. new[] { "last", "hourly", "daily", "weekly", "monthly", "yearly" }.Select(kind => new Option<string>($"--keep-{kind}")
    {
        Description = kind is "last" ? "Keeps the newest so many snapshots, or all." : $"Keeps so many {kind} snapshots, or all.", DefaultValueFactory = _ => "0",
    })];

    private readonly Option<string>[] spans = [.. new[] { "", "-hourly", "-daily", "-weekly", "-monthly", "-yearly" }.Select(kind => new Option<string>($"--keep-within{kind}")
    {
        Description = kind is "" ? "Keeps snapshots younger than this, counted from the newest, for instance 1y6m14d." : $"Keeps {kind[1..]} snapshots younger than this.", DefaultValueFactory = _ => "",
    })];

    private readonly Option<string[]> tags = new("--keep-tag") { Description = "Keeps snapshots with all these labels, separated by commas; may be given several times." };

    public KeepOptions(Command command)
    {
        foreach (var option in counts.Concat(spans))
        {
            command.Options.Add(option);
        }

        command.Options.Add(tags);
    }

    public RetentionRule Rule(ParseResult parsed)
    {
        var n = counts.Select(option => Count(option.Name, parsed.GetRequiredValue(option))).ToArray();
        var s = spans.Select(option => KeepFor.Parse(parsed.GetRequiredValue(option))).ToArray();
        return new RetentionRule
        {
            Last = n[0], Hourly = n[1], Daily = n[2], Weekly = n[3], Monthly = n[4], Yearly = n[5],
            Within = s[0], WithinHourly = s[1], WithinDaily = s[2], WithinWeekly = s[3], WithinMonthly = s[4], WithinYearly = s[5],
            Tags = SnapshotChoice.TagLists(parsed.GetValue(tags)),
        };
    }

    private static int Count(string option, string text) =>
        text is "all" or "unlimited" or "-1" ? RetentionRule.All
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count
        : throw new UserFacingException($"{option} {text} is no number. Write one, or all.");
}
