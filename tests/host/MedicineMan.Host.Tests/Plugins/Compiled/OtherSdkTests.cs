using System.Net;
using System.Reflection;
using MedicineMan.Host.Plugins;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Plugins.Compiled;

/// Plugins that were really compiled against another SDK than this host's, under manifests that say they fit. None of their code is ever run: each
/// would leave a file behind as soon as its assembly is loaded.
public sealed class OtherSdkTests
{
    [Theory]
    [InlineData("0.9.0.0", "was built against Medicine Man SDK 0.9; this host offers 1.0, whatever the manifest says (>=1.0 <2.0).", "have its author build it anew")]
    [InlineData("1.1.0.0", "was built against Medicine Man SDK 1.1; this host offers 1.0", "Update the host")]
    [InlineData("2.0.0.0", "was built against Medicine Man SDK 2.0; this host offers 1.0", "Update the host")]
    public async Task Another_number_is_found_in_the_code_itself(string version, string what, string fix)
    {
        using var folder = new TemporaryFolder("sdk");
        var sdk = Compiler.Renumbered(folder["sdk"], Version.Parse(version));
        Assert.Equal(version, AssemblyName.GetAssemblyName(sdk).Version!.ToString());

        await Refused(folder, Plugin(folder, sdk), "MM1008", what, fix);
    }

    [Fact]
    public async Task A_member_that_this_sdk_lacks_is_found_under_the_same_number()
    {
        using var folder = new TemporaryFolder("sdk");
        // What an SDK of a later minor is: the same assembly version, and something more in it.
        var later = Compiler.Compile(folder["later"], "MedicineMan.Sdk", """
            namespace MedicineMan.Sdk.Ui { public enum Tone { Plain } }
            namespace MedicineMan.Sdk
            {
                public sealed class MedicineManPluginAttribute(Type type) : Attribute { public Type PluginType { get; } = type; }
                public interface IPlugin { void Configure(IPluginBuilder plugin); }
                public interface IPluginBuilder { IServiceCollection Services { get; } void Routes(Action<IEndpointRouteBuilder> map); void Routes(string prefix, Action<IEndpointRouteBuilder> map); PluginMood Mood { get; } }
                public enum PluginMood { Good }
            }
            """, sdk: typeof(object).Assembly.Location);
        var plugin = CompiledPlugin.Make(folder["plugin"], "tests.other-sdk", $$"""
            {{Trace(folder)}}
            public void Configure(IPluginBuilder plugin) { plugin.Routes("x", _ => { }); _ = plugin.Mood; _ = plugin.Services; }
            """, sdk: later);

        await Refused(
            folder, plugin, "MM1009", "uses MedicineMan.Sdk.IPluginBuilder.Routes, MedicineMan.Sdk.IPluginBuilder.get_Mood, MedicineMan.Sdk.PluginMood, which the SDK 1.0 of this host does not have.",
            "Update the host, or install a version of the plugin that fits.");
    }

    [Theory]
    [InlineData("MedicineMan.Sdk.dll", "carries its own copy of MedicineMan.Sdk.dll")]
    [InlineData("lib/MedicineMan.Sdk.dll", "carries its own copy of MedicineMan.Sdk.dll")]
    [InlineData("Own.dll", "Own.dll of tests.other-sdk 1.0.0 is a copy of MedicineMan.Sdk under another name.")]
    public async Task A_copy_of_an_sdk_is_refused_wherever_it_lies(string place, string what)
    {
        using var folder = new TemporaryFolder("sdk");
        var plugin = Plugin(folder, null);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(plugin, place))!);
        File.Copy(Compiler.Renumbered(folder["sdk"], new Version(2, 0, 0, 0)), Path.Combine(plugin, place));

        await Refused(folder, plugin, "MM1005", what, "Build the plugin with the SDK's props");
    }

    [Fact]
    public async Task What_fits_is_taken_and_runs()
    {
        using var folder = new TemporaryFolder("sdk");

        await using var host = await PluginTestHost.Start([Plugin(folder, null)]);

        Assert.True(host.Catalogue.Find("tests.other-sdk")!.State is PluginState.Started, host.Catalogue.Find("tests.other-sdk")!.Reason);
        Assert.True(File.Exists(folder["trace"]));
    }

    private static string Plugin(TemporaryFolder folder, string? sdk) =>
        CompiledPlugin.Make(folder["plugin"], "tests.other-sdk", $"{Trace(folder)} public void Configure(IPluginBuilder plugin) {{ }}", sdk: sdk);

    private static string Trace(TemporaryFolder folder) =>
        $"[System.Runtime.CompilerServices.ModuleInitializer] internal static void Loaded() => System.IO.File.WriteAllText(@\"{folder["trace"]}\", \"loaded\");";

    private static async Task Refused(TemporaryFolder folder, string plugin, string code, string what, string fix)
    {
        await using var host = await PluginTestHost.Start([plugin, PluginFolders.Hello]);

        var status = host.Catalogue.Find("tests.other-sdk")!;
        Assert.Equal((PluginState.Faulted, code), (status.State, status.Code));
        Assert.Contains(what, status.Reason, StringComparison.Ordinal);
        Assert.Contains(fix, status.Reason, StringComparison.Ordinal);
        Assert.False(File.Exists(folder["trace"]), "Code of the plugin was run.");
        Assert.DoesNotContain(AppDomain.CurrentDomain.GetAssemblies(), assembly => !assembly.IsDynamic && assembly.Location.StartsWith(plugin, StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, (await host.Client.GetAsync("/plugins/samples.hello/greeting")).StatusCode);
    }
}
