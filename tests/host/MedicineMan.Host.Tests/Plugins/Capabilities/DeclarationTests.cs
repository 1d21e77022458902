using System.Net;
using System.Text.Json.Nodes;
using MedicineMan.Host.Access;
using MedicineMan.Host.Plugins.Manifests;

namespace MedicineMan.Host.Tests.Plugins.Capabilities;

/// What a plugin registers must stand in its manifest, and what the manifest says must mean something.
public sealed class DeclarationTests
{
    [Fact]
    public async Task A_permission_of_the_plugins_own_goes_by_the_role_it_is_given_to()
    {
        await using var curious = await CuriousHost.Start();
        var (viewer, @operator) = (await curious.Host.Member(Role.Viewer), await curious.Host.Member(Role.Operator));

        Assert.Equal(HttpStatusCode.Forbidden, (await viewer.Get("/plugins/tests.curious/servers")).Status);
        Assert.Equal(HttpStatusCode.OK, (await viewer.Get("/plugins/tests.curious/keys?prefix=a")).Status);
        Assert.Equal(HttpStatusCode.OK, (await @operator.Get("/plugins/tests.curious/servers")).Status);

        await curious.Load(manifest => manifest["contributes"]!["permissions"]![0]!["default"] = "viewer");
        Assert.Equal(HttpStatusCode.OK, (await viewer.Get("/plugins/tests.curious/servers")).Status);
    }

    [Theory]
    [InlineData("events", "registers the event \"server.added\"")]
    [InlineData("permissions", "registers the permission \"look-around\"")]
    [InlineData("providers", "registers the health provider \"pulse\"")]
    public async Task What_the_manifest_does_not_name_is_refused(string list, string sentence)
    {
        await using var host = await PluginTestHost.Start([]);
        var folder = PluginFolders.Copy(PluginFolders.Curious, host.Place("curious"), manifest =>
        {
            manifest["contributes"]![list] = new JsonArray();
            manifest["contributes"]!["routes"]![0]!["permission"] = "viewer";
        });

        var refused = await Assert.ThrowsAsync<PluginRefusedException>(() => host.Lifecycle.Load(folder, CancellationToken.None));

        Assert.All(refused.Problems, problem => Assert.Equal("MM1014", problem.Code));
        Assert.Contains(refused.Problems, problem => problem.What.Contains(sentence, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_schedule_without_a_cron_in_the_manifest_is_refused()
    {
        await using var host = await PluginTestHost.Start([]);
        var folder = PluginFolders.Copy(PluginFolders.Curious, host.Place("curious"), manifest => manifest["contributes"]!["jobs"]![0]!.AsObject().Remove("cron"));

        var refused = await Assert.ThrowsAsync<PluginRefusedException>(() => host.Lifecycle.Load(folder, CancellationToken.None));

        Assert.Equal(("MM1014", true), (Assert.Single(refused.Problems).Code, refused.Message.Contains("the schedule of the job \"note\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_manifest_that_cannot_mean_what_it_says_is_refused_with_every_reason()
    {
        using var folder = new Testbed.TemporaryFolder("manifest");
        var copy = PluginFolders.Copy(PluginFolders.Curious, folder["copy"], manifest =>
        {
            manifest["contributes"]!["jobs"]![0]!["cron"] = "61 * * * *";
            manifest["contributes"]!["jobs"]![0]!["timeout"] = "soon";
            manifest["contributes"]!["routes"]![1]!["permission"] = "no-such";
            manifest["contributes"]!["permissions"]!.AsArray().Add(JsonNode.Parse("""{ "id": "admin", "title": "All", "default": "viewer" }"""));
            CuriousHost.Scoped("net", "api.*.com", "*")(manifest);
        });

        var refused = Assert.Throws<PluginRefusedException>(() => PluginPackage.Open(copy));

        Assert.All(refused.Problems, problem => Assert.Equal("MM1002", problem.Code));
        foreach (var what in (string[])["\"61 * * * *\"", "\"soon\"", "\"no-such\" at GET /run", "names \"admin\"", "\"api.*.com\"", "the host \"*\""])
        {
            Assert.Contains(what, refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_process_without_a_database_lends_nothing_of_it()
    {
        await using var host = await PluginTestHost.Start([PluginFolders.Curious]);

        var answer = await host.Client.GetAsync("/plugins/tests.curious/servers");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("This command runs its plugins without servers", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
