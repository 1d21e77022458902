using System.Text.Json.Nodes;
using MedicineMan.Host.Cli.Plugins;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Sdk;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Cli.Plugins;

/// What "plugin new" writes. That it builds and passes its tests is tried from packages, in the tests of the SDK.
public sealed class PluginTemplateTests
{
    public static TheoryData<string> Kinds => [.. PluginTemplate.Kinds];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Each_kind_is_written_under_its_own_name_without_a_word_of_the_template(string kind)
    {
        using var folder = new TemporaryFolder("new");
        await new PluginTemplate("Umbrella.Hive", kind).Write(folder["hive"], "https://packages.example.com/index.json", default);

        var files = Directory.EnumerateFiles(folder["hive"], "*", SearchOption.AllDirectories).ToList();
        foreach (var file in files)
        {
            var all = file + await File.ReadAllTextAsync(file);
            Assert.All(["Acme", "PLUGIN_", "SDK_VERSION"], word => Assert.DoesNotContain(word, all, StringComparison.Ordinal));
        }

        Assert.Contains("<add key=\"medicineman\" value=\"https://packages.example.com/index.json\" />", await File.ReadAllTextAsync(folder["hive/nuget.config"]), StringComparison.Ordinal);
        var manifest = JsonNode.Parse(await File.ReadAllTextAsync(folder["hive/src/plugin.json"]))!;
        Assert.Equal(("umbrella.hive", "umbrella", "Hive", "Umbrella.Hive.dll"), ((string?)manifest["id"], (string?)manifest["publisher"], (string?)manifest["name"], (string?)manifest["entry"]));
        Assert.Equal(4, File.ReadLines(folder["hive/src/Umbrella.Hive.csproj"]).Count());
    }

    [Theory]
    [InlineData("backup")]
    [InlineData("storage")]
    [InlineData("scanner")]
    [InlineData("notifier")]
    [InlineData("cloud")]
    [InlineData("page")]
    public async Task The_host_reads_its_manifest(string kind)
    {
        using var folder = new TemporaryFolder("new");
        await new PluginTemplate("Umbrella.Hive", kind).Write(folder["hive"], null, default);
        Assert.Equal("umbrella.hive", ManifestReader.Read(folder["hive/src"]).Id);
        Assert.False(File.Exists(folder["hive/nuget.config"]));
    }

    [Fact]
    public async Task A_folder_that_holds_something_is_left_alone()
    {
        using var folder = new TemporaryFolder("new");
        await File.WriteAllTextAsync(folder["mine"], "");
        await Assert.ThrowsAsync<UserFacingException>(() => new PluginTemplate("Umbrella.Hive", "page").Write(folder.Path, null, default));
        Assert.Equal(folder["mine"], Assert.Single(Directory.EnumerateFileSystemEntries(folder.Path)));
    }

    [Theory]
    [InlineData("hive", "page")]
    [InlineData("umbrella.hive", "page")]
    [InlineData("Umbrella.Hive.Two", "page")]
    [InlineData("../Umbrella.Hive", "page")]
    [InlineData("Umbrella.Hive", "everything")]
    public void A_name_or_a_kind_that_is_none_is_refused(string name, string kind) => Assert.Throws<UserFacingException>(() => new PluginTemplate(name, kind));

    [Theory]
    [InlineData("nonsense", "Cannot listen on nonsense")]
    [InlineData("", "Cannot listen on nothing")]
    [InlineData("http://0.0.0.0:5099", "can be reached by others")]
    public async Task Where_it_cannot_listen_is_said_before_anything_is_built(string urls, string said)
    {
        using var folder = new TemporaryFolder("dev");
        await new PluginTemplate("Umbrella.Hive", "page").Write(folder["hive"], null, default);
        var ran = CommandTests.Run([], "plugin", "dev", folder["hive"], "--urls", urls);
        Assert.True(ran.Code == 1 && ran.Error.Contains(said, StringComparison.Ordinal), ran.Error);
        Assert.False(Directory.Exists(folder["hive/src/bin"]));
    }

    [Fact]
    public async Task A_folder_of_source_is_not_packed_but_told_from_what_it_is_built_into()
    {
        using var folder = new TemporaryFolder("pack");
        await new PluginTemplate("Umbrella.Hive", "page").Write(folder["hive"], null, default);
        foreach (var place in new[] { "hive", "hive/src", "nowhere" })
        {
            var ran = CommandTests.Run([], "plugin", "pack", folder[place], "--output", folder["hive.mmp"]);
            Assert.True(ran.Code == 1 && ran.Error.Contains("name the output: src/bin/Release/net10.0", StringComparison.Ordinal), ran.Error);
        }

        Assert.False(File.Exists(folder["hive.mmp"]));
    }

    [Fact]
    public void Without_one_project_beside_a_manifest_there_is_nothing_to_build()
    {
        using var folder = new TemporaryFolder("none");
        Assert.Contains("no project beside a plugin.json", Assert.Throws<UserFacingException>(() => PluginProject.Find(folder.Path)).Message, StringComparison.Ordinal);
    }
}
