using System.Reflection;
using System.Text.RegularExpressions;

namespace MedicineMan.Architecture.Tests;

/// The walls of ARCHITECTURE.md: who may lean on whom.
public sealed class WallTests
{
    private static readonly string[] Framework = ["System", "Microsoft.AspNetCore", "Microsoft.Extensions", "netstandard", "mscorlib"];

    [Fact]
    public void The_SDK_leans_on_the_framework_alone() =>
        Assert.Empty(References("MedicineMan.Sdk").Where(name => !Framework.Any(f => name.StartsWith(f, StringComparison.Ordinal))));

    [Theory]
    [InlineData("MedicineMan.Jobs", new[] { "medicineman", "MedicineMan.Host", "MedicineMan.Sdk", "MedicineMan.Repository", "Microsoft.AspNetCore", "Renci", "Scriban", "McMaster" })]
    [InlineData("MedicineMan.Repository", new[] { "medicineman", "MedicineMan.Host", "MedicineMan.Jobs", "Microsoft.AspNetCore", "Dapper", "Microsoft.Data", "Npgsql", "Renci", "Scriban", "McMaster" })]
    public void The_engines_know_neither_web_nor_plugins(string engine, string[] forbidden) =>
        Assert.Empty(References(engine).Where(name => forbidden.Any(f => name.StartsWith(f, StringComparison.Ordinal))));

    [Fact]
    public void The_host_references_no_plugin() =>
        Assert.DoesNotContain(References("medicineman"), name => name.StartsWith("MedicineMan.Plugins", StringComparison.Ordinal));

    [Fact]
    public void Plugins_lean_on_the_SDK_and_private_packages_alone()
    {
        var projects = House.Files("plugins", "*.csproj").Concat(House.Files("samples", "*.csproj")).ToList();
        Assert.NotEmpty(projects);
        Assert.Empty(projects.Where(project => project.Text.Contains("ProjectReference", StringComparison.Ordinal)).Select(project => project.Path));
    }

    [Theory]
    [InlineData("Renci.SshNet", @"^(host/MedicineMan\.Host/Servers|plugins/Sftp)/")]
    [InlineData("Coravel", @"^host/MedicineMan\.Host/Schedules/")]
    [InlineData("Markdig", @"^host/MedicineMan\.Host/Help/")]
    [InlineData("Scriban", @"^host/MedicineMan\.Host/(Plugins|Notifications)/")]
    [InlineData("McMaster.NETCore.Plugins", @"^host/MedicineMan\.Host/Plugins/")]
    [InlineData("Spectre.Console", @"^host/MedicineMan\.Host/Cli/")]
    [InlineData("System.CommandLine", @"^host/MedicineMan\.Host/(Cli/|Program\.cs)")]
    public void A_library_stands_in_its_room_only(string library, string room)
    {
        var uses = new Regex($@"^(global )?using (static )?{Regex.Escape(library)}\b", RegexOptions.Multiline);
        Assert.Empty(Production().Where(file => uses.IsMatch(file.Text) && !Regex.IsMatch(file.Path, room)).Select(file => file.Path));
    }

    [Fact]
    public void Pages_and_endpoints_open_neither_servers_nor_storages_nor_the_database()
    {
        var forbidden = new Regex(@"^using (Dapper|Npgsql|Microsoft\.Data\.Sqlite|Renci\.SshNet|MedicineMan\.Repository|MedicineMan\.Sdk\.Commands|MedicineMan\.Sdk\.Storage)\b", RegexOptions.Multiline);
        var doors = Production().Where(file => file.Path.Contains("/Pages/", StringComparison.Ordinal) || file.Path.StartsWith("host/MedicineMan.Host/Api/", StringComparison.Ordinal));
        Assert.Empty(doors.Where(file => forbidden.IsMatch(file.Text)).Select(file => file.Path));
    }

    [Fact]
    public void Every_plugin_has_a_manifest_a_README_and_one_front_door()
    {
        foreach (var project in House.Files("plugins", "*.csproj").Concat(House.Files("samples", "*.csproj")))
        {
            var folder = Path.Combine(House.Root, project.Folder);
            Assert.True(File.Exists(Path.Combine(folder, "plugin.json")), $"{project.Folder} has no plugin.json");
            Assert.True(File.Exists(Path.Combine(folder, "README.md")), $"{project.Folder} has no README.md");
            Assert.Single(House.Files(project.Folder), file => file.Text.Contains("assembly: MedicineManPlugin(", StringComparison.Ordinal));
        }
    }

    private static IEnumerable<SourceFile> Production() => House.Files("host").Concat(House.Files("sdk")).Concat(House.Files("plugins"));

    private static IEnumerable<string> References(string assembly) => Assembly.Load(assembly).GetReferencedAssemblies().Select(reference => reference.Name!);
}
