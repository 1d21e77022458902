using System.CommandLine;
using MedicineMan.Host.Api;
using MedicineMan.Host.Api.Contract;
using MedicineMan.Host.Cli.Show;
using MedicineMan.Host.Cli.Wire;
using MedicineMan.Host.JobScreens;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Setup;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli;

/// Commands about the installation itself: what it is, how it is set, how it does.
internal static class InstanceCommands
{
    public static Command Version()
    {
        var command = new Command("version", "Prints the version.");
        command.SetAction(_ => Console.Out.WriteLine(Serve.Version));
        return command;
    }

    public static Command Config()
    {
        var command = new Command("config", "Lists the options with their values and where each comes from; secrets are masked.");
        command.Options.Add(Door.Json);
        command.SetAction((parsed, _) => new Output(parsed.GetValue(Door.Json)).List(
            Settings.All(parsed).ToAsyncEnumerable(), "", ("OPTION", setting => setting.Option), ("VALUE", setting => setting.Value), ("FROM", setting => setting.Origin), ("MEANING", setting => setting.Meaning)));
        return command;
    }

    public static Command Doctor() => new Command("doctor", "Looks whether all is well: the host, its plugins, its jobs.").ThroughTheDoor().Does(async (parsed, host, output, cancel) =>
    {
        List<Finding> findings = [];
        if (host.InProcess is { } here)
        {
            var settings = CommandLine.Settings(parsed);
            var mode = OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(settings.Data);
            var open = (mode & (UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite)) != 0;
            findings.Add(new("data directory", !open, open ? $"{settings.Data} can be read by others. Run: chmod 700 {settings.Data}" : settings.Data));
            findings.Add(new("database", true, "opens, and its schema is that of this version"));
            findings.Add(new("master key", true, "fits the data"));
            findings.Add(new("server", here.IsServed, here.IsServed ? "runs on this data directory" : "does not run: nothing happens by itself until it is started"));
            var free = new DriveInfo(settings.Data).AvailableFreeSpace;
            findings.Add(new("disk", free > 1L << 30, $"{Output.Bytes(free)} free"));
        }
        else
        {
            findings.Add(new("server", true, $"{Door.UrlOf(parsed)} answers, and the token is good"));
        }

        await foreach (var plugin in host.All<PluginAnswer>("plugins", cancel))
        {
            findings.Add(new($"plugin {plugin.Id}", plugin.State is PluginState.Started or PluginState.Disabled, plugin.State is PluginState.Started ? string.Join(' ', [plugin.Version, .. plugin.Warnings]) : plugin.Reason));
        }

        foreach (var queue in (await host.Get<ListOf<BacklogAnswer>>("jobs/backlog", cancel)).Items.Where(queue => queue is { Workers: 0, OldestWaitSeconds: > 60 }))
        {
            findings.Add(new($"queue {queue.Queue}", false, $"jobs wait and no worker takes it. Run: medicineman worker --queues {queue.Queue}"));
        }

        var dead = (await host.Get<Dictionary<string, long>>("jobs/counts", cancel)).GetValueOrDefault("dead");
        findings.Add(new("jobs", dead == 0, dead == 0 ? "none is dead" : $"{dead} dead. See: medicineman job list --state dead"));
        await output.List(findings.ToAsyncEnumerable(), "", ("", finding => finding.Ok ? "ok" : "bad"), ("WHAT", finding => finding.What), ("", finding => finding.Detail));
        return findings.All(finding => finding.Ok) ? 0 : 1;
    });

    private sealed record Finding(string What, bool Ok, string Detail);
}

/// An option of the host as it is in force.
internal sealed record Settings(string Option, string? Value, string Origin, string Meaning)
{
    public static IEnumerable<Settings> All(ParseResult parsed)
    {
        HostSettings inForce;
        try
        {
            inForce = CommandLine.Settings(parsed);
        }
        catch (UserFacingException wrong)
        {
            throw new UserFacingException($"The options do not hold: {wrong.Message}", wrong);
        }

        yield return new("--data", inForce.Data, OriginOf(parsed.GetResult(CommandLine.Data) is not null, "MEDICINEMAN_DATA", "MEDICINEMAN__DATA"), "Folder for the database, keys and logs");
        yield return new("--database", Masked(inForce.Database) ?? "SQLite in the data folder", OriginOf(parsed.GetResult(CommandLine.Database) is not null, "MEDICINEMAN_DATABASE", "MEDICINEMAN__DATABASE"), "Where the rows are");
        yield return new("--urls", inForce.Urls, OriginOf(false, "MEDICINEMAN__URLS"), "Where the server listens");
        yield return new("--no-worker", inForce.NoWorker ? "true" : "false", OriginOf(false, "MEDICINEMAN__NOWORKER"), "Whether the server leaves jobs to worker processes");
        yield return new("--url", Variable("MEDICINEMAN_URL"), OriginOf(false, "MEDICINEMAN_URL"), "The host that commands speak to");
        yield return new("--token", Variable("MEDICINEMAN_TOKEN") is null ? null : "•••", OriginOf(false, "MEDICINEMAN_TOKEN"), "API token for --url");
        yield return new("", Variable(Secrets.KeyRing.Variable) is null ? null : "•••", OriginOf(false, Secrets.KeyRing.Variable), "Master key, when it does not lie in the data folder");
        foreach (var (name, value, origin, meaning) in HostConfiguration.List<PluginOptions>(PluginOptions.Section))
        {
            yield return new(name, value, origin, meaning);
        }
    }

    /// The password in either form of a connection string.
    internal static string? Masked(string? database)
    {
        if (database is null)
        {
            return null;
        }

        if (Uri.TryCreate(database, UriKind.Absolute, out var url) && url.UserInfo.Contains(':', StringComparison.Ordinal))
        {
            return database.Replace(url.UserInfo, $"{url.UserInfo.Split(':')[0]}:•••", StringComparison.Ordinal);
        }

        return string.Join(';', database.Split(';').Select(part => part.Split('=')[0].Trim().ToLowerInvariant() is "password" or "pwd" ? $"{part.Split('=')[0]}=•••" : part));
    }

    private static string OriginOf(bool onLine, params string[] variables) =>
        onLine ? "command line" : variables.FirstOrDefault(variable => Variable(variable) is not null) ?? "default";

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
