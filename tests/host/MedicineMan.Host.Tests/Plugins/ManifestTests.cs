using System.Text.Json.Nodes;
using MedicineMan.Host.Plugins.Manifests;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Plugins;

/// plugin.json and the registry, as strangers might write them.
public sealed class ManifestTests
{
    [Fact]
    public void The_sample_s_manifest_reads_as_it_is_written()
    {
        var manifest = ManifestReader.Read(PluginFolders.Hello);

        Assert.Equal(("samples.hello", "0.1.0", "MedicineMan.Samples.Hello.dll"), (manifest.Id, manifest.Version, manifest.Entry));
        Assert.Equal(new RouteDeclaration("GET", "/greeting", "viewer"), Assert.Single(manifest.Routes));
        Assert.Equal("greet", Assert.Single(manifest.Jobs).Id);
        Assert.Equal(new FragmentDeclaration("greeting", "dashboard.card", "Templates/greeting.html"), Assert.Single(manifest.Fragments));
    }

    public static TheoryData<string, string, string> Mistakes => new()
    {
        { "manifest", "2", "manifest must be 1" },
        { "id", "\"Hello\"", "id is \"Hello\"; publisher.name in lower case is expected" },
        { "id", "\"other.hello\"", "must begin with its publisher" },
        { "id", "7", "id is 7; publisher.name in lower case is expected" },
        { "version", "\"1.0\"", "a semantic version" },
        { "name", "\"" + new string('x', 61) + "\"", "name has 61 characters; 1 to 60" },
        { "license", "null", "license is null" },
        { "engine", "{\"sdk\": \"*\"}", "engine.sdk is \"*\"; a range with both ends" },
        { "engine", "{\"sdk\": \">=1.0\"}", "engine.sdk is \">=1.0\"" },
        { "engine", "{}", "engine.sdk is missing" },
        { "engine", "{\"sdk\": \">=1.0 <2.0\", \"os\": [\"beos\"]}", "engine.os holds [\"beos\"]; one of linux, macos is expected" },
        { "entry", "\"../evil.dll\"", "entry is \"../evil.dll\"" },
        { "homepage", "\"javascript:alert(1)\"", "an https address" },
        { "isolation", "\"vm\"", "one of inproc, process" },
        { "hotUnload", "\"yes\"", "true or false" },
        { "capabilities", "[{\"name\": \"root\", \"reason\": \"x\"}]", "capabilities[0].name is \"root\"" },
        { "capabilities", "[{\"name\": \"exec\"}]", "capabilities[0].reason is missing" },
        { "contributes", "{\"jobs\": [{\"id\": \"a\", \"perMinute\": 0}]}", "contributes.jobs[0].perMinute is 0; a whole number of at least 1" },
        { "contributes", "{\"jobs\": [{\"id\": \"a\", \"backoff\": \"soon\"}]}", "contributes.jobs[0].backoff is \"soon\"; a time such as 30s, 10m or 2h" },
        { "contributes", "{\"jobs\": [{\"id\": \"a\"}, {\"id\": \"a\"}]}", "contributes.jobs names \"a\" twice" },
        { "contributes", "{\"jobs\": [7]}", "contributes.jobs[0] holds no object" },
        { "contributes", "{\"widgets\": []}", "contributes.widgets is not a field this version knows" },
        { "contributes", "{\"routes\": [{\"method\": \"TRACE\", \"path\": \"x\", \"permission\": \"anonymous\"}]}", "asks for \"anonymous\" at TRACE x; one of viewer, operator, admin or of contributes.permissions" },
        { "contributes", "{\"fragments\": [{\"id\": \"a\", \"slot\": \"dashboard.card\", \"template\": \"../x.html\"}]}", "contributes.fragments[0].template" },
        { "contributes", "{\"providers\": [{\"contract\": \"oracle\", \"kind\": \"x\"}]}", "one of backup, storage, scanner" },
        { "dependsOn", "[\"samples.other\"]", "no plugin can lean on another" },
        { "settings", "[]", "settings is []; an object is expected" },
        { "surprise", "true", "surprise is not a field this version knows" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_is_named_with_its_field_and_what_is_expected(string field, string value, string sentence)
    {
        using var folder = new TemporaryFolder();
        PluginFolders.Copy(PluginFolders.Hello, folder["plugin"], manifest => manifest[field] = JsonNode.Parse(value));

        var refused = Assert.Throws<PluginRefusedException>(() => ManifestReader.Read(folder["plugin"]));

        Assert.All(refused.Problems, problem => Assert.Equal("MM1002", problem.Code));
        Assert.Contains(sentence, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("routes", 200)]
    [InlineData("jobs", 100)]
    [InlineData("fragments", 50)]
    public void A_plugin_contributes_so_many_of_a_kind_and_no_more(string list, int most)
    {
        using var folder = new TemporaryFolder();
        string Plugin(int count) => PluginFolders.Copy(PluginFolders.Hello, folder[$"{count}"], manifest => manifest["contributes"] = new JsonObject
        {
            [list] = new JsonArray([.. Enumerable.Range(0, count).Select(at => list switch
            {
                "routes" => new JsonObject { ["method"] = "GET", ["path"] = $"/r{at}", ["permission"] = "viewer" },
                "jobs" => new JsonObject { ["id"] = $"j{at}" },
                _ => new JsonObject { ["id"] = $"f{at}", ["slot"] = "dashboard.card", ["template"] = "Templates/greeting.html" },
            })]),
        });

        ManifestReader.Read(Plugin(most));
        var problem = Assert.Single(Assert.Throws<PluginRefusedException>(() => ManifestReader.Read(Plugin(most + 1))).Problems);

        Assert.Equal("MM1002", problem.Code);
        Assert.Contains($"contributes.{list} has {most + 1} items; at most {most} are allowed.", problem.What, StringComparison.Ordinal);
    }

    [Fact]
    public void All_mistakes_are_named_at_once()
    {
        using var folder = new TemporaryFolder();
        PluginFolders.Copy(PluginFolders.Hello, folder["plugin"], manifest =>
        {
            manifest.Remove("license");
            manifest["version"] = "one";
            manifest["colour"] = "red";
        });

        Assert.Equal(3, Assert.Throws<PluginRefusedException>(() => ManifestReader.Read(folder["plugin"])).Problems.Count);
    }

    [Fact]
    public void A_field_given_twice_is_refused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["plugin.json"], """{"manifest": 1, "id": "a.b", "id": "c.d"}""");

        Assert.Equal("MM1001", Assert.Throws<PluginRefusedException>(() => ManifestReader.Read(folder.Path)).Problems[0].Code);
    }

    [Theory]
    [InlineData(">=1.0 <2.0", "1.0", true)]
    [InlineData(">=1.4 <2.0", "1.0", false)]
    [InlineData(">=1.4 <2.0", "1.10", true)]
    [InlineData(">=0.9 <1.0", "1.0", false)]
    public void A_range_holds_its_lower_end_and_not_its_upper(string range, string version, bool holds) =>
        Assert.Equal(holds, SdkRange.Parse(range)!.Holds(Version.Parse(version)));

    [Fact]
    public async Task The_registry_and_the_bundled_plugins_beside_the_host_agree()
    {
        var registry = await PluginRegistry.Read(Path.Combine(AppContext.BaseDirectory, "plugin-registry.json"), CancellationToken.None);

        Assert.Equal(["medicineman.linux", "medicineman.local-storage", "medicineman.postgres", "medicineman.sftp"], registry.Plugins.Select(plugin => plugin.Id));
        foreach (var plugin in registry.Plugins)
        {
            var folder = Path.Combine(AppContext.BaseDirectory, "plugins", plugin.Folder);
            var package = PluginPackage.Open(folder);
            Assert.Equal((plugin.Id, plugin.Name, plugin.Summary), (package.Manifest.Id, package.Manifest.Name, package.Manifest.Summary));
            Assert.Equal(package.Manifest.Version, Assert.Single(plugin.Versions).Version);
            Assert.Equal(package.Manifest.Engine.Sdk, plugin.Versions[0].Sdk);
            Assert.Contains(registry.Publishers, publisher => publisher.Id == package.Manifest.Publisher);
            Assert.DoesNotContain(Directory.EnumerateFiles(folder, "*.dll"), file => Path.GetFileName(file) == "MedicineMan.Sdk.dll");
        }
    }
}
