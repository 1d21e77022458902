using System.Text.RegularExpressions;

namespace MedicineMan.Sdk.Tests.Templates;

/// The authors' guide shows nothing that is not built or run: its code stands in the template, whose tests are run, and its commands exist.
public sealed partial class GuideTests
{
    private static readonly string Guide = File.ReadAllText(SourceTree.At("sdk/README.md"));

    [Fact]
    public void Its_code_is_that_of_the_template()
    {
        var tests = File.ReadAllText(SourceTree.At("sdk/templates/medicineman-plugin/kinds/page/tests/VisitsTests.cs"));
        Assert.All(Blocks("csharp").SelectMany(block => block.Split('\n', StringSplitOptions.RemoveEmptyEntries)), line => Assert.Contains(line, tests, StringComparison.Ordinal));
    }

    [Fact]
    public void Its_project_is_that_of_the_template() => Assert.Equal(
        [File.ReadAllText(SourceTree.At("sdk/templates/medicineman-plugin/common/src/Acme.Sample.csproj")).Replace("SDK_VERSION", "0.1.0", StringComparison.Ordinal)], Blocks("xml"));

    [Fact]
    public void Its_commands_are_there()
    {
        var commands = string.Concat(new[] { "Plugins/ApproveCommand", "Plugins/AuthorCommands", "PackageCommands", "PluginCommands" }.Select(name => File.ReadAllText(SourceTree.At($"host/MedicineMan.Host/Cli/{name}.cs"))));
        foreach (var words in Blocks("sh").SelectMany(block => block.Split('\n', StringSplitOptions.RemoveEmptyEntries)).Select(line => line.Split(' ')))
        {
            Assert.True(
                words is ["cd", "Acme.Hello" or ".."] or ["export", "PATH=\"$PWD/artifacts/bin/MedicineMan.Host/debug:$PATH\""] or ["dotnet", "build", "src", "-c", "Release"]
                || (words is ["dotnet", "pack", var project, "-c", "Release", "-o", "../packages"] && Directory.Exists(SourceTree.At(project)))
                || (words is ["medicineman", "plugin", var verb, ..] && commands.Contains($"new Command(\"{verb}\"", StringComparison.Ordinal)
                    && words.Where(word => word.StartsWith("--", StringComparison.Ordinal)).All(option => commands.Contains($"\"{option}\"", StringComparison.Ordinal))),
                string.Join(' ', words));
        }
    }

    [Fact]
    public void Its_links_lead_somewhere() =>
        Assert.All(Link().Matches(Guide).Select(match => match.Groups[1].Value), link => Assert.True(File.Exists(Path.Combine(SourceTree.At("sdk"), link)), link));

    private static IEnumerable<string> Blocks(string language) => Block().Matches(Guide).Where(match => match.Groups[1].Value == language).Select(match => match.Groups[2].Value);

    [GeneratedRegex(@"^```(\w+)\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"\]\(([^)#]+)(#[^)]*)?\)")]
    private static partial Regex Link();
}
