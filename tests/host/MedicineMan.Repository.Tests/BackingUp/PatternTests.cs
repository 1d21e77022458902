using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using MedicineMan.Repository.Patterns;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Tests.BackingUp;

/// <summary>Patterns mean what they mean in restic.</summary>
[SuppressMessage("Security", "CA5394:Do not use insecure randomness", Justification = "The same run again is the point.")]
public sealed class PatternTests
{
    private static readonly string[] Names = ["a", "b", "ab", "A.txt", "é", "[a]", "c*d", "b\\e", "-", "a.txt"];
    private static readonly string[] Parts =
        ["a", "b", "*", "?", "**", "a*", "*b", "[a-c]", "[^a]", "[a-", "?b", "*.txt", "*[a]*", "\\[a\\]", "\\*", "c\\*d", "é", "[é]", "*[^é]", "..", ".", "", "a?*", "**b", "[]a]", "[a-]", "\\", "b\\\\e", "[\\]a]*", "-", "a.TXT"];

    [Theory]
    [InlineData("*.go", "/home/user/file.go", true)]
    [InlineData("*.go", "/home/user/file.go/below", true)]
    [InlineData("*.GO", "/home/user/file.go", false)]
    [InlineData("user", "/home/user/file", true)]
    [InlineData("user/", "/home/user/file", true)]
    [InlineData("user/file", "/home/user/file", true)]
    [InlineData("/user/file", "/home/user/file", false)]
    [InlineData("/home/user", "/home/user/file", true)]
    [InlineData("/home/*/file", "/home/user/file", true)]
    [InlineData("/home/*", "/home", false)]
    [InlineData("/home/**", "/home", true)]
    [InlineData("/home/**/file", "/home/file", true)]
    [InlineData("/home/**/file", "/home/a/b/c/file", true)]
    [InlineData("/home/**/b/**/file", "/home/a/b/c/d/file", true)]
    [InlineData("/home/**/c/**/b", "/home/a/b/c/file", false)]
    [InlineData("home//x/../user/./file", "/home/user/file", true)]
    [InlineData("../user", "/home/user", false)]
    [InlineData("/../home", "/home/user", true)]
    [InlineData(".", "/home/user", false)]
    [InlineData("/", "/home/user", true)]
    [InlineData("us?r", "/home/user", true)]
    [InlineData("u*r", "/home/u/r", false)]
    [InlineData("[^u]ser", "/home/user", false)]
    [InlineData("[!u]ser", "/home/user", true)]
    [InlineData("\\*", "/home/*", true)]
    [InlineData("\\*", "/home/user", false)]
    [InlineData("*[^é]", "/é", true)]
    public void A_pattern_matches_as_in_restic(string pattern, string path, bool matches) => Assert.Equal(matches, new PathPatterns([pattern]).Match(path).IsMatch);

    [Fact]
    public void A_later_pattern_that_is_negated_takes_a_match_back_and_a_still_later_one_brings_it_again()
    {
        Assert.False(Matches("/home/a.log", "*.log", "!a.log"));
        Assert.True(Matches("/home/a.log", "!a.log", "*.log"));
        Assert.True(Matches("/home/a.log", "*.log", "!a.log", "a.*"));
        Assert.True(new PathPatterns(["É.LOG"], ignoreCase: true).Match("/home/é.Log").IsMatch);
        Assert.Equal(default, new PathPatterns([""]).Match("/home/a.log"));
        // A byte that is no letter of UTF-8 is one letter still.
        Assert.True(Matches("/home/a\uDCFF", "a?"));
    }

    [Theory]
    [InlineData("/a/b", "/a", true)]
    [InlineData("/a/b", "/c", false)]
    [InlineData("/a/b", "/a/b/c", true)]
    [InlineData("/a/**/b", "/a/c/d", true)]
    [InlineData("/a/**/b", "/c", false)]
    [InlineData("b", "/c", true)]
    public void It_says_where_looking_further_is_worth_it(string pattern, string path, bool below) => Assert.Equal(below, new PathPatterns([pattern]).Match(path).MayMatchBelow);

    [Theory]
    [InlineData("[a")]
    [InlineData("a/[]/b")]
    [InlineData("[a-]")]
    [InlineData("ends\\")]
    [InlineData("!*[^")]
    public void A_pattern_that_is_not_finished_is_refused_by_name(string pattern) =>
        Assert.Contains($"\"{pattern}\"", Assert.Throws<UserFacingException>(() => new PathPatterns(["fine", pattern])).Message, StringComparison.Ordinal);

    [SkippableFact]
    public async Task Random_lists_leave_out_what_restic_leaves_out()
    {
        Restic.SkipUnlessInstalled();
        await using var ours = await TestRepository.Create();
        var random = new Random(1);
        var source = ours.Scratch["source"];
        MakeTree(source, random, depth: 4);
        var everything = Directory.GetFileSystemEntries(source, "*", SearchOption.AllDirectories);
        Assert.InRange(everything.Length, 300, 5000);
        var (whole, left) = (0, 0);
        for (var round = 0; round < 15;)
        {
            var (exact, folded) = (List(random, source), List(random, source));
            var lists = new[] { Parse(exact, false), Parse(folded, true) };
            if (lists.Any(list => list?.Match(source).IsMatch == true))
            {
                // What is named is taken in or not depending on restic's version.
                continue;
            }

            round++;
            var (code, output, errors) = await ours.Restic.Try(null, ["backup", "--dry-run", "--json", "-vv", source, .. exact.Select(pattern => $"--exclude={pattern}"), .. folded.Select(pattern => $"--iexclude={pattern}")]);
            var said = $"{string.Join(' ', exact)} | {string.Join(' ', folded)}: {errors}";
            if (lists.Any(list => list is null))
            {
                Assert.True(code == 1 && errors.Contains("invalid pattern", StringComparison.Ordinal), said);
                continue;
            }

            Assert.True(code == 0, said);
            var taken = System.Text.Encoding.UTF8.GetString(output).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)
                .Where(line => line.GetProperty("message_type").GetString() == "verbose_status").Select(line => line.GetProperty("item").GetString()!.TrimEnd('/')).ToHashSet();
            (whole, left) = (whole + 1, left + everything.Count(path => !taken.Contains(path)));
            foreach (var path in everything)
            {
                var above = path[..path.LastIndexOf('/')];
                // Below a folder that is left out nothing is asked.
                if (taken.Contains(above))
                {
                    Assert.True(taken.Contains(path) != lists.Any(list => list!.Match(path).IsMatch), $"{path}: {said}");
                }

                // A list without negation must lead to all it matches.
                foreach (var list in lists.Where((_, i) => (i == 0 ? exact : folded).TrueForAll(pattern => pattern[0] != '!')))
                {
                    Assert.True(!list!.Match(path).IsMatch || list.Match(above).MayMatchBelow, $"{path}: {said}");
                }
            }
        }

        Assert.InRange(whole, 5, 14);
        Assert.InRange(left, everything.Length, everything.Length * (whole - 1));
    }

    [Fact]
    public async Task A_file_of_patterns_is_read_as_restic_reads_it()
    {
        await using var scratch = new ScratchFolder();
        Environment.SetEnvironmentVariable("MEDICINEMAN_TEST_PLACE", "/srv");
        var unset = new List<string>();
        var file = scratch.Write("patterns", "\uFEFF# a comment\r\n\r\n  *.tmp \t\r\n$MEDICINEMAN_TEST_PLACE/a\n${MEDICINEMAN_TEST_PLACE}b\nprice$$\n$MEDICINEMAN_TEST_NONE/x\n5$ ${} $%\n#\n!keep.tmp");
        Assert.Equal(["*.tmp", "/srv/a", "/srvb", "price$", "/x", "5$  $%", "!keep.tmp"], await PatternFile.Patterns(file, unset.Add, default));
        Assert.Equal(["MEDICINEMAN_TEST_NONE"], unset);
        File.WriteAllText(file, "größe\r\nb", System.Text.Encoding.Unicode);
        Assert.Equal(["größe", "b"], await PatternFile.Patterns(file, unset.Add, default));
        File.WriteAllBytes(file, [(byte)'a', 0xFF, (byte)'\r', (byte)'\n']);
        Assert.Equal(["a\uDCFF"], await PatternFile.Lines(file, default));
        Assert.Contains(scratch["none"], (await Assert.ThrowsAsync<UserFacingException>(() => PatternFile.Patterns(scratch["none"], unset.Add, default))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\0b\nc\0", 2)]
    [InlineData("", 0)]
    [InlineData("a\0b", -1)]
    [InlineData("a\0\0b\0", -1)]
    public async Task Names_between_zero_bytes_are_taken_as_they_are_or_refused(string content, int count)
    {
        await using var scratch = new ScratchFolder();
        var file = scratch.Write("names", content);
        if (count < 0)
        {
            await Assert.ThrowsAsync<UserFacingException>(() => PatternFile.Names(file, default));
        }
        else
        {
            Assert.Equal(content.Split('\0')[..count], await PatternFile.Names(file, default));
        }
    }

    private static bool Matches(string path, params string[] patterns) => new PathPatterns(patterns).Match(path).IsMatch;

    private static PathPatterns? Parse(List<string> patterns, bool ignoreCase)
    {
        try
        {
            return new PathPatterns(patterns, ignoreCase);
        }
        catch (UserFacingException)
        {
            return null;
        }
    }

    private static List<string> List(Random random, string source) => [.. Enumerable.Range(0, random.Next(4)).Select(_ =>
    {
        // Rare enough that most lists are whole.
        var parts = Enumerable.Range(0, random.Next(1, 5)).Select(_ => Parts[random.Next(random.Next(3) == 0 ? Parts.Length : 8)]).ToList();
        var pattern = string.Join('/', parts);
        pattern = random.Next(4) == 0 ? $"{source}/{pattern}" : pattern;
        return random.Next(4) == 0 ? "!" + pattern : pattern.Length == 0 ? "a" : pattern;
    })];

    private static void MakeTree(string folder, Random random, int depth)
    {
        Directory.CreateDirectory(folder);
        foreach (var name in Names.Where(_ => random.Next(4) > 0))
        {
            if (depth > 1 && random.Next(2) == 0)
            {
                MakeTree(Path.Combine(folder, name), random, depth - 1);
            }
            else
            {
                File.WriteAllText(Path.Combine(folder, name), name);
            }
        }
    }
}
