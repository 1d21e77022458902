using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using MedicineMan.Host.Access;
using MedicineMan.Host.Tests.Api;
using MedicineMan.Testbed;
using Xunit.Abstractions;

namespace MedicineMan.Host.Tests.Cli.Plugins;

/// The authors' guide from its first command to its last, as a stranger goes it: nothing prepared, nothing left out. A person has fifteen minutes;
/// what the machine takes of them is measured here, and the rest is for reading and typing.
public sealed class FifteenMinuteTests(ITestOutputHelper log) : IDisposable
{
    private static readonly TimeSpan Most = TimeSpan.FromMinutes(5);

    private readonly TemporaryFolder folder = new("fifteen");
    private readonly Stopwatch watch = Stopwatch.StartNew();

    [SkippableFact]
    public async Task A_page_and_a_storage_come_from_nothing_to_running_in_a_host()
    {
        await using var host = await TestHost.Start();
        await host.Owner();
        var token = await CommandTests.Token(host, Role.Admin);
        using var admin = await ApiCaller.As(host, Role.Admin);
        var (packages, shared) = (folder["feed"], Shared());
        watch.Restart();

        Step("the SDK is packed", () =>
        {
            foreach (var project in new[] { "MedicineMan.Sdk", "MedicineMan.Sdk.Testing" })
            {
                DotNet(shared, "pack", Path.Combine(Root(AppContext.BaseDirectory), "sdk", project), "--no-build", "-c", Configuration, "-o", packages, "--nologo");
            }
        });
        // A stranger may begin inside of something that sets versions for all below it, such as a checkout of Medicine Man.
        var central = Path.Combine(Root(AppContext.BaseDirectory), "Directory.Packages.props");
        File.Copy(central, folder["Directory.Packages.props"]);
        Done(Medicine(shared, "key", "new", folder["publisher.pem"]));
        foreach (var (kind, name, confirm) in new[] { ("page", "Acme.Visits", Array.Empty<string>()), ("storage", "Acme.Shelf", ["--confirm", "native"]) })
        {
            var (place, id) = (folder[name], name.ToLowerInvariant());
            var package = folder[$"{id}-0.1.0.mmp"];
            Step($"{kind}: new", () => Done(Medicine(shared, "new", name, "--kind", kind, "--feed", packages, "--output", place)));
            Step($"{kind}: test", () => Assert.Contains("Passed!", Done(Medicine(shared, "test", place)), StringComparison.Ordinal));
            Step($"{kind}: build", () => DotNet(shared, "build", Path.Combine(place, "src"), "-c", "Release", "--nologo", "-v", "quiet", "-nodeReuse:false"));
            Step($"{kind}: pack, sign, verify", () =>
            {
                Done(Medicine(shared, "pack", Path.Combine(place, "src", "bin", "Release", "net10.0"), "--output", package));
                Done(Medicine(shared, "sign", package, "--key", folder["publisher.pem"]));
            });
            var fingerprint = JsonElement.Parse(Done(Medicine(shared, "verify", package, "--json"))).GetProperty("key").GetString()!;
            Step($"{kind}: install, approve", () =>
            {
                Done(CommandTests.Remote(host, token, "plugin", "install", package, "--trust", fingerprint));
                Done(CommandTests.Remote(host, token, ["plugin", "approve", id, "--all", .. confirm]));
            });
        }

        // Both are used, as a visitor of the host would.
        using var browser = await host.Member(Role.Viewer);
        Assert.Equal("0 visits", (await browser.Get("/plugins/acme.visits/visits")).Text);
        Assert.Equal(201, (await admin.Post("repositories", new { name = "shelf", kind = "folder", settings = new { path = folder["shelf"] } })).Status);
        await Until(() => File.Exists(Path.Combine(folder["shelf"], "config")));

        log.WriteLine($"{watch.Elapsed:mm\\:ss} of fifteen minutes are the machine's; the rest is the author's.");
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, Most);

        // The tests of the page were green because they hold, and not because nothing looks.
        var code = folder["Acme.Visits/src/Visits.cs"];
        await File.WriteAllTextAsync(code, (await File.ReadAllTextAsync(code)).Replace("count++;", "count += 2;", StringComparison.Ordinal));
        var red = Medicine(shared, "test", folder["Acme.Visits"]);
        Assert.True(red.Code != 0 && red.Output.Contains("A_visit_is_counted_once_however_often_its_job_runs", StringComparison.Ordinal), red.Output + red.Error);
    }

    public void Dispose() => folder.Dispose();

    private static string Configuration => typeof(FifteenMinuteTests).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;

    private void Step(string what, Action step)
    {
        var from = watch.Elapsed;
        step();
        log.WriteLine($"{(watch.Elapsed - from).TotalSeconds,6:0.0} s  {what}");
    }

    private static string Done((int Code, string Output, string Error) ran)
    {
        Assert.True(ran.Code == 0, ran.Error + ran.Output);
        return ran.Output;
    }

    private static (int Code, string Output, string Error) Medicine(Dictionary<string, string> shared, params string[] arguments) => CommandTests.Run(shared, ["plugin", .. arguments]);

    private static void DotNet(Dictionary<string, string> shared, params string[] arguments) =>
        Programs.Run(Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path : Programs.Require("dotnet"), arguments, environment: shared);

    /// The packages of this machine, but for ours of an earlier day, which would be taken for the ones just made.
    private Dictionary<string, string> Shared()
    {
        var known = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        Directory.CreateDirectory(folder["known"]);
        foreach (var package in Directory.EnumerateDirectories(known).Where(package => !Path.GetFileName(package).StartsWith("medicineman", StringComparison.Ordinal)))
        {
            Directory.CreateSymbolicLink(Path.Combine(folder["known"], Path.GetFileName(package)), package);
        }

        return new() { ["NUGET_PACKAGES"] = folder["packages"], ["NUGET_FALLBACK_PACKAGES"] = folder["known"], ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1", ["DOTNET_NOLOGO"] = "1" };
    }

    private static async Task Until(Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!holds())
        {
            await Task.Delay(100, patience.Token);
        }
    }

    private static string Root(string at) => File.Exists(Path.Combine(at, "MedicineMan.sln")) ? at : Root(Path.GetDirectoryName(at)!);
}
