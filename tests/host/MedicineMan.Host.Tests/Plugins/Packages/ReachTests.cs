using System.Text.Json.Nodes;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Host.Plugins.Packages.Format;
using MedicineMan.Host.Plugins.Packages.Reach;
using MedicineMan.Sdk.Storage;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Plugins.Packages;

/// What a plugin's code calls past the host, found in its files, and refused unless its manifest says so.
public sealed class ReachTests : IDisposable
{
    private readonly TemporaryFolder folder = new("reach");

    public static TheoryData<string, string, string> Ways => new()
    {
        { "Ways.Program", "System.Diagnostics.Process.Start", "programs" },
        { "Ways.Connect", "new System.Net.Sockets.TcpClient", "network" },
        { "Ways.Plug", "new System.Net.Sockets.Socket", "network" },
        { "Ways.Client", "new System.Net.Http.HttpClient", "network" },
        { "Ways.Read", "System.IO.File.ReadAllTextAsync", "files" },
        { "Ways.Open", "new System.IO.FileStream", "files" },
        { "Ways.Lines", "new System.IO.StreamReader", "files" },
        { "Ways.Folders", "System.IO.Directory.EnumerateDirectories", "files" },
        { "Ways..cctor", "System.IO.File.Exists", "files" },
        { "Ways.Loaded", "System.Reflection.Assembly.LoadFrom", "code" },
        { "Ways.Emitted", "new System.Reflection.Emit.DynamicMethod", "code" },
        { "Ways.Leave", "System.Environment.Exit", "process" },
        { "Ways.Die", "System.Environment.FailFast", "process" },
        { "Ways.Speak", "System.Console.WriteLine", "console" },
        { "Ways.getpid", "the native library libc", "libraries" },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_call_past_the_host_is_named_with_its_place_and_what_to_do_instead(string place, string calls, string scope)
    {
        var problem = Assert.Single(PackageReach.Problems(PluginPackage.Open(PluginFolders.Outreach)), problem => problem.What.Contains($" {place} calls {calls}.", StringComparison.Ordinal));

        Assert.Equal("MM1056", problem.Code);
        Assert.Contains($"\"scope\": [\"{scope}\"]", problem.Fix, StringComparison.Ordinal);
        Assert.DoesNotContain(PackageReach.Problems(Declaring(scope)), other => other.What == problem.What);
    }

    [Fact]
    public void Nothing_else_is_named()
    {
        var found = PackageReach.Problems(PluginPackage.Open(PluginFolders.Outreach));

        Assert.Equal(Ways.Count, found.Count);
        Assert.Empty(PackageReach.Problems(Declaring()));
    }

    [Fact]
    public async Task It_is_refused_when_it_is_packed_verified_and_installed()
    {
        var packed = await Assert.ThrowsAsync<PluginRefusedException>(() => PackageWriter.Pack(PluginFolders.Outreach, folder["out.mmp"], default));
        Assert.All(packed.Problems, problem => Assert.Equal("MM1056", problem.Code));

        // As by a packer of somebody else's, who does not look.
        await PackageWriter.Write(PluginFolders.Outreach, "tests.outreach", "1.0.0", folder["out.mmp"], default);
        var read = await Assert.ThrowsAsync<PluginRefusedException>(() => PackageReader.Extract(folder["out.mmp"], Directory.CreateDirectory(folder["staged"]).FullName, default));
        Assert.Equal(packed.Problems.Select(problem => problem.What), read.Problems.Select(problem => problem.What));
    }

    [Fact]
    public async Task What_a_package_brings_along_is_named_by_its_file()
    {
        var built = PluginFolders.Copy(PluginFolders.Hello, folder["hello"]);
        File.Copy(Path.Combine(PluginFolders.Outreach, "MedicineMan.TestPlugins.Outreach.dll"), Path.Combine(built, "Acme.Library.dll"));
        await File.WriteAllBytesAsync(Path.Combine(built, "libacme.so"), [0x7f, 0x45, 0x4c, 0x46]);

        var problems = PackageReach.Problems(PluginPackage.Open(built));

        Assert.Equal(["MM1057", "MM1057"], problems.Select(problem => problem.Code));
        Assert.Contains("carries Acme.Library.dll, which reaches code, console, files, libraries, network, process, programs by itself.", problems[0].What, StringComparison.Ordinal);
        Assert.Contains("carries libacme.so, which is native code.", problems[1].What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "name": "native", "reason": "It must.", "scope": ["everything"] }""", "one of code, console, files, libraries, network, process, programs is expected")]
    [InlineData("""{ "name": "native", "reason": "It must.", "optional": true }""", "nothing can hold code back")]
    public void A_manifest_asks_for_native_in_words_that_mean_something(string capability, string problem)
    {
        var built = PluginFolders.Copy(PluginFolders.Hello, folder["native"], manifest => manifest["capabilities"] = new JsonArray(JsonNode.Parse(capability)));

        var refused = Assert.Throws<PluginRefusedException>(() => PluginPackage.Open(built));

        Assert.Contains(problem, Assert.Single(refused.Problems).What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plugins/LocalStorage", "files libraries")]
    [InlineData("plugins/Linux", "")]
    [InlineData("plugins/Sftp", "console files network")]
    [InlineData("plugins/Postgres", "")]
    [InlineData("samples/MirroredFolders", "files")]
    [InlineData("samples/Chart", "")]
    [InlineData("samples/Hello", "")]
    [InlineData("samples/Permits", "")]
    [InlineData("samples/SqliteFiles", "")]
    [InlineData("samples/Uptime", "")]
    [InlineData("samples/Webhook", "")]
    public void The_plugins_of_the_house_say_what_they_reach_and_no_more(string plugin, string scopes)
    {
        var name = Path.GetFileName(plugin);
        var package = PluginPackage.Open(plugin.StartsWith("samples", StringComparison.Ordinal) ? PluginFolders.Sample(name) : Path.Combine(AppContext.BaseDirectory, "plugins", name));
        var reached = Directory.EnumerateFiles(package.Folder, "*.dll").SelectMany(file =>
        {
            using var code = File.OpenRead(file);
            return AssemblyReach.Read(code)!;
        });

        Assert.Empty(PackageReach.Problems(package));
        Assert.Equal(scopes, string.Join(' ', reached.Select(one => one.Rule.Scope).Distinct().Order()));
        Assert.Equal(scopes, string.Join(' ', package.Manifest.Capabilities.Where(capability => capability.Name == "native").SelectMany(capability => capability.Scope).Order()));
    }

    [Fact]
    public void What_the_SDK_does_to_files_for_a_plugin_is_asked_for_as_well() =>
        Assert.Equal("files", ReachRules.Find(typeof(DurableFiles).FullName!, nameof(DurableFiles.Flush))?.Scope);

    public void Dispose() => folder.Dispose();

    private PluginPackage Declaring(params string[] scopes) => PluginPackage.Open(PluginFolders.Copy(PluginFolders.Outreach, folder[$"as-{string.Join('-', scopes)}"], manifest =>
        manifest["capabilities"] = new JsonArray(new JsonObject { ["name"] = "native", ["reason"] = "It must.", ["scope"] = new JsonArray([.. scopes.Select(scope => (JsonNode)scope)]) })));
}
