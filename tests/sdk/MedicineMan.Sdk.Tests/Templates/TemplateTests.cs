using System.Reflection;
using System.Text.RegularExpressions;
using MedicineMan.Testbed;

namespace MedicineMan.Sdk.Tests.Templates;

/// A stranger's way: packages from a folder, a plugin of every kind by "dotnet new", built and tested outside of the repository.
public sealed partial class TemplateTests : IDisposable
{
    private static readonly string[] Kinds = ["backup", "storage", "scanner", "notifier", "cloud", "page"];

    // The other two are built and tested, and more, by the command line's FifteenMinuteTests.
    private static readonly string[] Built = ["backup", "scanner", "notifier", "cloud"];

    private readonly TemporaryFolder folder = new("template");

    public void Dispose() => folder.Dispose();

    [SkippableFact]
    public void A_new_plugin_builds_and_passes_its_tests()
    {
        // A version of its own, so that no package of an earlier run is taken for it.
        var version = $"0.0.1-test.{Environment.ProcessId}";
        foreach (var project in new[] { "MedicineMan.Sdk", "MedicineMan.Sdk.Testing" })
        {
            DotNet("pack", SourceTree.At($"sdk/{project}/{project}.csproj"), "--no-build", "-c", Configuration, $"-p:Version={version}", "-o", folder["feed"], "--nologo");
        }

        DotNet("new", "install", SourceTree.At("sdk/templates/medicineman-plugin"), "--debug:custom-hive", folder["hive"]);
        File.WriteAllText(folder["nuget.config"], $"""<configuration><packageSources><add key="feed" value="{folder["feed"]}" /></packageSources></configuration>""");
        foreach (var kind in Kinds)
        {
            DotNet("new", "medicineman-plugin", "-n", $"Acme.{Title(kind)}", "-o", folder[$"plugins/{kind}"], "--kind", kind, "--sdk", version, "--debug:custom-hive", folder["hive"]);
        }

        File.WriteAllText(folder["all.slnx"], $"<Solution>{string.Concat(Built.Select(kind => $"""<Project Path="plugins/{kind}/src/Acme.{Title(kind)}.csproj" /><Project Path="plugins/{kind}/tests/Acme.{Title(kind)}.Tests.csproj" />"""))}</Solution>");
        var said = DotNet("test", folder["all.slnx"], "--nologo", "-v", "quiet", "-nodeReuse:false");

        Assert.Equal(Built.Length, Passed().Count(said));
        Assert.All(Kinds, kind => Assert.Contains($"\"id\": \"acme.{kind}\"", File.ReadAllText(folder[$"plugins/{kind}/src/plugin.json"]), StringComparison.Ordinal));
        foreach (var kind in Built)
        {
            var built = folder[$"plugins/{kind}/src/bin/Debug/net10.0"];
            Assert.Equal([$"Acme.{Title(kind)}.dll"], Directory.EnumerateFiles(built, "*.dll", SearchOption.AllDirectories).Select(Path.GetFileName));
            Assert.Contains($"\"id\": \"acme.{kind}\"", File.ReadAllText(Path.Combine(built, "plugin.json")), StringComparison.Ordinal);
        }

        // The analyzers came with the package: what would pin the plugin's code does not build.
        File.WriteAllText(folder["plugins/scanner/src/Pins.cs"], "namespace Acme.Scanner; public static class Pins { public static string Text(object o) => System.Text.Json.JsonSerializer.Serialize(o); }");
        var refused = Assert.Throws<InvalidOperationException>(() => DotNet("build", folder["plugins/scanner/src"], "--nologo", "-v", "quiet", "-nodeReuse:false"));
        Assert.Contains("error IL2026", refused.Message, StringComparison.Ordinal);
    }

    private static string Configuration => typeof(TemplateTests).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    private static string Title(string kind) => char.ToUpperInvariant(kind[0]) + kind[1..];

    private string DotNet(params string[] arguments) => Programs.Run(Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path : Programs.Require("dotnet"), arguments, environment: new Dictionary<string, string>
    {
        // What is there already is taken from there; what is new is thrown away with the test.
        ["NUGET_PACKAGES"] = folder["packages"],
        ["NUGET_FALLBACK_PACKAGES"] = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages"),
        ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
        ["DOTNET_NOLOGO"] = "1",
    });

    [GeneratedRegex(@"^Passed!\s+- Failed:\s+0, Passed:", RegexOptions.Multiline)]
    private static partial Regex Passed();
}
