using System.Text.Json;
using MedicineMan.Host.Access;
using MedicineMan.Host.Audit;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Setup;
using MedicineMan.Host.Tests.Api;
using MedicineMan.Testbed;
using Microsoft.Extensions.DependencyInjection;

namespace MedicineMan.Host.Tests.Cli;

/// The built program as people and scripts call it.
public sealed class CommandTests
{
    [Fact]
    public async Task A_remote_host_is_reached_by_address_and_token()
    {
        await using var host = await TestHost.Start();
        var token = await Token(host, Role.Admin);

        var added = Remote(host, token, "server", "add", "root@db.example.org:2222", "--name", "db one", "--tag", "prod", "--json");
        var listed = Remote(host, token, "server", "list", "--json");
        var seen = Remote(host, token, "server", "list", "--search", "one");

        Assert.Equal(0, added.Code);
        Assert.Equal(2222, JsonDocument.Parse(added.Output).RootElement.GetProperty("port").GetInt32());
        Assert.Equal("db one", JsonDocument.Parse(listed.Output).RootElement[0].GetProperty("name").GetString());
        Assert.Contains("root@db.example.org:2222", seen.Output, StringComparison.Ordinal);
        Assert.Equal(1, Remote(host, token, "server", "remove", "db one", "--confirm", "db on").Code);
        Assert.Equal(0, Remote(host, token, "server", "remove", "db one", "--confirm", "db one").Code);
    }

    [Fact]
    public async Task What_is_refused_is_one_sentence_and_exit_code_1()
    {
        await using var host = await TestHost.Start();
        var viewer = await Token(host, Role.Viewer);

        var role = Remote(host, viewer, "server", "add", "root@db.example.org");
        var token = Remote(host, "mm_0_wrong", "server", "list");
        var missing = Remote(host, viewer, "server", "test", "nowhere");
        var nobody = Run(null, "server", "list", "--url", "http://127.0.0.1:1", "--token", "mm_x_y");

        Assert.Equal((1, "This needs the role admin. Ask an owner of the organisation for it."), (role.Code, role.Error.Trim()));
        Assert.True(token.Code == 1 && token.Error.StartsWith("Send an API token", StringComparison.Ordinal), token.Error);
        Assert.Equal((1, "There is no server \"nowhere\". See: medicineman server list"), (missing.Code, missing.Error.Trim()));
        Assert.True(nobody.Code == 1 && nobody.Error.Contains("cannot be reached", StringComparison.Ordinal) && nobody.Error.Trim().Split('\n').Length == 1, nobody.Error);
    }

    [Fact]
    public void A_mistyped_option_is_refused_and_no_name_unless_it_stands_behind_the_dashes()
    {
        using var folder = new TemporaryFolder("cli");
        File.WriteAllText(folder["password"], "a password\n");
        string[] there = ["--repo", folder["repository"], "--password-file", folder["password"]];
        Assert.Equal(0, Run(null, ["repository", "init", .. there]).Code);

        var mistyped = Run(null, ["repository", "backup", folder["password"], "--exlude", "*.log", .. there]);
        var name = Run(null, ["repository", "backup", folder["password"], .. there, "--", "--exlude"]);

        Assert.True(mistyped.Code == 1 && mistyped.Error.StartsWith("There is no option --exlude here", StringComparison.Ordinal), mistyped.Error);
        Assert.DoesNotContain("There is no option", name.Error, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(folder["repository/snapshots"]));
    }

    [Fact]
    public async Task Without_an_address_a_command_works_on_the_data_directory_and_does_the_work_itself()
    {
        using var folder = new TemporaryFolder("cli");
        await using (var app = await HostComposition.Start(new HostSettings { Data = folder["data"], Urls = "http://127.0.0.1:0" }, default))
        {
            await app.StopAsync();
        }

        var added = Local(folder["data"], "server", "add", "local", "--name", "here");
        var scanned = Local(folder["data"], "server", "scan", "here", "--wait", "--json");
        var jobs = Local(folder["data"], "job", "list", "--json");

        Assert.Equal((0, 0), (added.Code, jobs.Code));
        Assert.True(scanned.Code is 0 or 3, scanned.Error);
        Assert.NotEmpty(JsonDocument.Parse(scanned.Output).RootElement.GetProperty("facts").EnumerateObject());
        var job = JsonDocument.Parse(jobs.Output).RootElement[0];
        Assert.Equal(("succeeded", $"{Environment.UserName} (command line)"), (job.GetProperty("state").GetString(), job.GetProperty("requestedBy").GetString()));
        await using var after = await HostComposition.Start(new HostSettings { Data = folder["data"], Urls = "http://127.0.0.1:0" }, default);
        var entries = (await after.Services.GetRequiredService<AuditLog>().Page(OrganizationId.Default, null, 50, default)).Items;
        Assert.Equal(("local:" + Environment.UserName, $"{Environment.UserName} (command line)"), entries.Where(entry => entry.Action == "server.added").Select(entry => (entry.ActorId, entry.ActorName)).Single());
        await after.StopAsync();
    }

    [Fact]
    public async Task A_server_that_runs_on_the_data_directory_does_the_work()
    {
        await using var host = await TestHost.Start();
        Assert.Equal(0, Local(host.Data, "server", "add", "local", "--name", "here").Code);

        var scanned = Local(host.Data, "server", "scan", "here", "--wait");

        Assert.True(scanned.Code is 0 or 3, scanned.Error);
        var job = JsonDocument.Parse(Local(host.Data, "job", "list", "--json").Output).RootElement[0].GetProperty("id").GetString()!;
        var attempt = JsonDocument.Parse(Local(host.Data, "job", "show", job, "--json").Output).RootElement.GetProperty("attempts")[0];
        Assert.Equal(host.Get<Jobs.JobWorker>().Name, attempt.GetProperty("worker").GetString());
    }

    [Fact]
    public async Task Whoever_has_the_data_directory_makes_tokens_for_its_people()
    {
        await using var host = await TestHost.Start();
        await host.Owner();

        var made = Local(host.Data, "token", "create", "ci", "--for", TestHost.OwnerEmail);

        Assert.Equal(0, made.Code);
        Assert.Equal(0, Remote(host, made.Output.Trim(), "server", "list").Code);
        Assert.Equal(1, Local(host.Data, "token", "create", "ci").Code);
        Assert.Equal(1, Local(host.Data, "token", "create", "ci", "--for", "nobody@example.org").Code);
    }

    [Fact]
    public void A_folder_without_data_is_not_made_into_one()
    {
        using var folder = new TemporaryFolder("cli");

        var refused = Local(folder["nothing"], "server", "list");

        Assert.True(refused.Code == 1 && refused.Error.StartsWith("There is no Medicine Man in ", StringComparison.Ordinal), refused.Error);
        Assert.False(Directory.Exists(folder["nothing"]));
    }

    [Fact]
    public void A_repository_is_worked_on_without_any_host()
    {
        using var folder = new TemporaryFolder("cli");
        File.WriteAllText(folder["password"], "hush");
        string[] where = ["--repo", folder["repository"], "--password-file", folder["password"]];

        var made = Run(null, ["repository", "init", .. where]);

        Assert.True(made.Code == 0, made.Error);
        Assert.True(File.Exists(Path.Combine(folder["repository"], "config")));
        Assert.Equal(0, Run(null, ["repository", "check", .. where]).Code);
        Assert.False(Directory.Exists(folder["data"]));
    }

    [Theory]
    [InlineData("MEDICINEMAN_DATABASE")]
    [InlineData("MEDICINEMAN__DATABASE")]
    public void Options_are_listed_with_their_origin_and_without_secrets(string database)
    {
        var listed = Run(new() { [database] = "postgres://mm:hush@db/mm", ["MEDICINEMAN_TOKEN"] = "mm_1_hush" }, "config", "--data", "/srv/mm");

        Assert.Equal(0, listed.Code);
        Assert.DoesNotContain("hush", listed.Output, StringComparison.Ordinal);
        Assert.Matches(@"--data +/srv/mm +command line", listed.Output);
        Assert.Matches(@"--database +postgres://mm:•••@db/mm +" + database, listed.Output);
    }

    [Fact]
    public void A_setting_comes_from_our_environment_before_the_bare_name()
    {
        var listed = Run(new() { ["MEDICINEMAN__Plugins__MostMemory"] = "5000", ["Plugins__MostMemory"] = "6000", ["Plugins__RouteTimeLimit"] = "00:00:07", ["MEDICINEMAN__Plugins__Dev__0"] = "/srv/one" }, "config");

        Assert.Equal(0, listed.Code);
        Assert.Matches(@"Plugins:MostMemory +5000 +MEDICINEMAN__Plugins__MostMemory", listed.Output);
        Assert.Matches(@"Plugins:RouteTimeLimit +00:00:07 +Plugins__RouteTimeLimit", listed.Output);
        Assert.Matches(@"Plugins:Dev +/srv/one +MEDICINEMAN__Plugins__Dev", listed.Output);
        Assert.Matches(@"Plugins:AllowUnsigned +false +default", listed.Output);
    }

    [Theory]
    [InlineData("MEDICINEMAN__Plugins__MostMemry", "5", "There is no setting Plugins:MostMemry.")]
    [InlineData("MEDICINEMAN__Plugins__MostMemory", "much", "'much' at 'Plugins:MostMemory'")]
    public async Task A_setting_that_is_none_or_cannot_be_read_is_named_before_anything_is_touched(string variable, string value, string sentence)
    {
        using var folder = new TemporaryFolder("settings");

        var (code, error) = await HostProcess.Fail([(variable, value)], "--data", folder["data"]);

        Assert.Equal(1, code);
        Assert.Contains(sentence, error, StringComparison.Ordinal);
        Assert.Single(error.Trim().Split('\n'));
        Assert.False(Directory.Exists(folder["data"]));
    }

    [Fact]
    public async Task The_doctor_says_what_is_well_and_what_is_not()
    {
        await using var host = await TestHost.Start();

        var well = Local(host.Data, "doctor", "--json");

        var findings = JsonDocument.Parse(well.Output).RootElement.EnumerateArray().ToDictionary(finding => finding.GetProperty("what").GetString()!, finding => finding.GetProperty("ok").GetBoolean());
        Assert.True(findings["server"] && findings["jobs"] && findings["data directory"], well.Output);
        Assert.Equal(findings.Values.All(ok => ok) ? 0 : 1, well.Code);
        Assert.Equal(0, Local(host.Data, "plugin", "list").Code);
    }

    internal static async Task<string> Token(TestHost host, Role role)
    {
        using var caller = await ApiCaller.As(host, role);
        return await host.Get<ApiTokenStore>().Create(caller.Visitor, "cli", null, default);
    }

    internal static (int Code, string Output, string Error) Remote(TestHost host, string token, params string[] arguments) =>
        Run(new() { ["MEDICINEMAN_URL"] = host.Url.ToString(), ["MEDICINEMAN_TOKEN"] = token }, arguments);

    private static (int Code, string Output, string Error) Local(string data, params string[] arguments) => Run(null, [.. arguments, "--data", data]);

    internal static (int Code, string Output, string Error) Run(Dictionary<string, string>? environment, params string[] arguments) =>
        Programs.TryRun(Path.Combine(AppContext.BaseDirectory, "medicineman"), arguments, environment: environment);
}
