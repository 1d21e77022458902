using System.Text.RegularExpressions;
using MedicineMan.Sdk.Scanning;
using Xunit;

namespace MedicineMan.Sdk.Testing.Scanning;

/// <summary>What every scanner must do with output that is whole, cut short, hostile or missing. Derive, give it a real output, and it runs.</summary>
public abstract partial class ScannerContract
{
    /// <summary>The scanner under test.</summary>
    protected abstract IScanner Scanner { get; }

    /// <summary>What the scanner's sections print on a server where there is something to find, by section.</summary>
    protected abstract IReadOnlyDictionary<string, string> Sample { get; }

    /// <summary>The sections can be joined with those of other scanners.</summary>
    [Fact]
    public void Sections_are_fixed_named_once_and_only_read()
    {
        Assert.Equal(Scanner.Sections, Scanner.Sections);
        Assert.Equal(Scanner.Sections.Count, Scanner.Sections.Select(section => section.Name).Distinct().Count());
        Assert.All(Scanner.Sections, section =>
        {
            Assert.Matches(SectionName(), section.Name);
            Assert.NotEmpty(section.Script);
            Assert.DoesNotContain('\0', section.Script);
            Assert.DoesNotMatch(Forbidden(), section.Script);
        });
    }

    /// <summary>On a server where there is something to find, something is found.</summary>
    [Fact]
    public async Task The_sample_is_read()
    {
        var report = await ReadAsync(Sample);
        Assert.True(report.Facts.Count + report.Disks.Count + report.Services.Count > 0, "Nothing was found in the sample.");
        Assert.Empty(Sample.Keys.Except(Scanner.Sections.Select(section => section.Name)));
    }

    /// <summary>Nothing came back.</summary>
    [Fact]
    public async Task Nothing_gives_an_empty_report_and_no_failure()
    {
        var report = await ReadAsync(new Dictionary<string, string>(), complete: false);
        Assert.Empty(report.Disks);
        Assert.Empty(report.Services);
    }

    /// <summary>The connection broke somewhere in the middle.</summary>
    [Fact]
    public async Task Output_cut_short_anywhere_is_a_partial_result()
    {
        for (var eighth = 0; eighth < 8; eighth++)
        {
            await ReadAsync(Sample.ToDictionary(one => one.Key, one => one.Value[..(one.Value.Length * eighth / 8)]), complete: false);
        }

        foreach (var missing in Sample.Keys)
        {
            await ReadAsync(Sample.Where(one => one.Key != missing).ToDictionary());
        }
    }

    /// <summary>What comes back is hostile.</summary>
    [Theory]
    [InlineData("=\n==\n:\n\t\n$(reboot)=`x`\n\"\n'\n\\")]
    [InlineData("-1 99999999999999999999999 1e400 NaN 0x7f 4% /\n-1 -1 -1\n")]
    [InlineData("Füße 数据 🐘 \u202e\n../../etc/passwd\n<script>alert(1)</script>\n")]
    [InlineData("{\"a\": [1, 2\n---\n- x: &a *a\n")]
    public async Task Nonsense_is_no_failure(string text)
    {
        await ReadAsync(Scanner.Sections.ToDictionary(section => section.Name, _ => text));
        await ReadAsync(Sample.ToDictionary(one => one.Key, one => one.Value + text));
        await ReadAsync(Sample.ToDictionary(one => one.Key, one => text + one.Value));
        await ReadAsync(Scanner.Sections.ToDictionary(section => section.Name, _ => string.Concat(Enumerable.Repeat(text, 5_000)))).WaitAsync(TimeSpan.FromSeconds(30));
    }

    /// <summary>A scanner is used from many threads at once and keeps nothing.</summary>
    [Fact]
    public async Task The_same_output_gives_the_same_report()
    {
        var first = await ReadAsync(Sample);
        var others = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => ReadAsync(Sample))));
        Assert.All(others, other =>
        {
            Assert.Equal(first.Facts, other.Facts);
            Assert.Equal(first.Disks, other.Disks);
            Assert.Equal(first.Services.Select(found => (found.Kind, found.Identity)), other.Services.Select(found => (found.Kind, found.Identity)));
        });
    }

    private async Task<ScanReport> ReadAsync(IReadOnlyDictionary<string, string> sections, bool complete = true)
    {
        var report = await Scanner.ReadAsync(new ScanOutput(sections, complete), default);
        Assert.All(report.Facts, fact => Assert.Matches(FactName(), fact.Key));
        Assert.All(report.Disks, disk => Assert.True(disk is { TotalBytes: > 0, UsedBytes: >= 0, FreeBytes: >= 0 }, disk.ToString()));
        Assert.Equal(report.Services.Count, report.Services.Select(found => (found.Kind, found.Identity)).Distinct().Count());
        Assert.All(report.Services, found =>
        {
            Assert.NotEmpty(found.Kind);
            Assert.NotEmpty(found.Identity);
            Assert.NotEmpty(found.Title);
            Assert.InRange(found.Confidence, 0, 1);
            Assert.True(found.Port is null or (> 0 and < 65536), $"Port {found.Port}");
        });
        return report;
    }

    [GeneratedRegex("^[a-z][a-z0-9-]*$")]
    private static partial Regex SectionName();

    [GeneratedRegex(@"^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)*$")]
    private static partial Regex FactName();

    // A scan runs without anybody's leave, so it must neither gain rights nor change anything.
    [GeneratedRegex(@"(^|[;&|(\s])(sudo|su|doas|rm|mv|dd|mkfs\S*|kill|reboot|shutdown|tee|eval)\s")]
    private static partial Regex Forbidden();
}
