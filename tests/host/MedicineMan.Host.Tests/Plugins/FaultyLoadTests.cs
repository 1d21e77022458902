using System.Net;
using MedicineMan.Host.Plugins;
using MedicineMan.Sdk;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Plugins;

/// A plugin that cannot be loaded, for every reason there is, beside one that can.
public sealed class FaultyLoadTests
{
    [Theory]
    [InlineData("throws in Configure", "MM1012", "no configuration today")]
    [InlineData("hangs in Configure", "MM1013", "longer than 3 seconds")]
    [InlineData("throws in StartAsync", "MM1016", "no start today")]
    [InlineData("registers a job it did not declare", "MM1014", "the job \"undeclared\"")]
    [InlineData("registers a route it did not declare", "MM1014", "the route \"GET /undeclared\"")]
    [InlineData("needs a service nobody registered", "MM1015", "Needy")]
    public async Task A_plugin_that_fails_while_loading_is_faulted_and_nothing_else_suffers(string mood, string code, string sentence)
    {
        using var folder = new TemporaryFolder();
        var broken = PluginFolders.Copy(PluginFolders.Troublesome, folder["plugin"]);
        await File.WriteAllTextAsync(Path.Combine(broken, "mood"), mood);

        // The limit is for both of them: on a busy machine the good one needs its time, too.
        await using var host = await PluginTestHost.Start([broken, PluginFolders.Hello],
            options => options.ConfigureTimeLimit = TimeSpan.FromSeconds(mood.StartsWith("hangs", StringComparison.Ordinal) ? 3 : 10));

        AssertFaulted(host.Catalogue.Find("tests.troublesome")!, code, sentence);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Client.GetAsync("/plugins/tests.troublesome/anonymous")).StatusCode);
        Assert.Equal("Hello, world, from Hello 0.1.0.", await host.Client.GetStringAsync("/plugins/samples.hello/greeting"));
    }

    public static TheoryData<string, string, string> Damages => new()
    {
        { "no manifest", "MM1001", "plugin.json" },
        { "half a manifest", "MM1001", "plugin.json" },
        { "no folder", "MM1001", "does not exist" },
        { "another SDK", "MM1003", "SDK >=2.0 <3.0; this host offers 1.0" },
        { "no dll", "MM1004", "MedicineMan.Samples.Hello.dll" },
        { "a copied SDK", "MM1005", "MedicineMan.Sdk.dll" },
        { "an unregistered version", "MM1007", "9.9.9" },
        { "a truncated dll", "MM1010", "MedicineMan.Samples.Hello.dll" },
        { "an empty dll", "MM1010", "MedicineMan.Samples.Hello.dll" },
        { "script in the template", "MM1017", "<script> is not allowed" },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task A_damaged_folder_is_faulted_with_its_sentence_and_the_rest_loads(string damage, string code, string sentence)
    {
        using var folder = new TemporaryFolder();
        var broken = PluginFolders.Copy(PluginFolders.Hello, folder["plugin"], manifest => manifest["id"] = "samples.broken");
        var dll = Path.Combine(broken, "MedicineMan.Samples.Hello.dll");
        await using var host = await PluginTestHost.Start([broken, PluginFolders.Hello], _ => Damage(broken, dll, damage));

        AssertFaulted(host.Catalogue.Find("samples.broken")!, code, sentence);
        Assert.Equal("Hello, world, from Hello 0.1.0.", await host.Client.GetStringAsync("/plugins/samples.hello/greeting"));
    }

    [Fact]
    public async Task An_attribute_that_names_no_type_is_faulted_with_its_sentence()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.NoFrontDoor, PluginFolders.Hello]);

        AssertFaulted(host.Catalogue.Find("tests.no-front-door")!, "MM1011", "names a type");
        Assert.Equal(PluginState.Started, host.Catalogue.Find("samples.hello")!.State);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("""{"registry": 1, "name": "x", "updated": "x", "serial": 1, "publishers": [], "plugins": [{"id": "a.b", "name": "x", "source": "bundled", "folder": "../x", "versions": []}]}""")]
    public async Task A_broken_registry_leaves_a_host_without_plugins_that_says_why(string registry)
    {
        await using var host = await PluginTestHost.Start([], registry: registry);

        Assert.StartsWith("MM1006", host.Catalogue.Problem, StringComparison.Ordinal);
        Assert.Empty(host.Catalogue.List());
        Assert.Equal(HttpStatusCode.NotFound, (await host.Client.GetAsync("/")).StatusCode);
    }

    private static void AssertFaulted(PluginStatus status, string code, string sentence)
    {
        Assert.Equal((PluginState.Faulted, code), (status.State, status.Code));
        Assert.Contains(sentence, status.Reason, StringComparison.Ordinal);
    }

    private static void Damage(string folder, string dll, string damage)
    {
        var manifest = Path.Combine(folder, "plugin.json");
        switch (damage)
        {
            case "no manifest":
                File.Delete(manifest);
                break;
            case "half a manifest":
                File.WriteAllText(manifest, File.ReadAllText(manifest)[..40]);
                break;
            case "no folder":
                Directory.Delete(folder, recursive: true);
                break;
            case "another SDK":
                File.WriteAllText(manifest, File.ReadAllText(manifest).Replace("\\u003E=1.0 \\u003C2.0", ">=2.0 <3.0", StringComparison.Ordinal));
                break;
            case "no dll":
                File.Delete(dll);
                break;
            case "a copied SDK":
                File.Copy(typeof(IPlugin).Assembly.Location, Path.Combine(folder, "MedicineMan.Sdk.dll"));
                break;
            case "an unregistered version":
                File.WriteAllText(manifest, File.ReadAllText(manifest).Replace("0.1.0", "9.9.9", StringComparison.Ordinal));
                break;
            case "a truncated dll":
                using (var file = File.OpenWrite(dll))
                {
                    file.SetLength(file.Length / 2);
                }

                break;
            case "an empty dll":
                File.WriteAllBytes(dll, []);
                break;
            case "script in the template":
                File.AppendAllText(Path.Combine(folder, "Templates", "greeting.html"), "<script>alert(1)</script>");
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(damage), damage, null);
        }
    }
}
