using MedicineMan.Host.Servers.Commands;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Commands;

namespace MedicineMan.Host.Cli.Plugins;

/// A plugin's source on this machine: the project beside a plugin.json, in the folder named or in its "src". Built and tested by the SDK of .NET.
internal sealed record PluginProject(string Root, string File)
{
    // The runner starts every command at home; here the folder says which SDK and which package sources are meant.
    private const string InFolder = """cd -- "$1" && shift && exec "$@" """;

    public string Folder => Path.GetDirectoryName(File)!;

    /// <exception cref="UserFacingException">There is none, or more than one.</exception>
    public static PluginProject Find(string folder)
    {
        var root = Path.GetFullPath(folder);
        string[] projects = [.. new[] { root, Path.Combine(root, "src") }
            .Where(place => System.IO.File.Exists(Path.Combine(place, Host.Plugins.Manifests.ManifestReader.FileName)))
            .SelectMany(place => Directory.EnumerateFiles(place, "*.csproj"))];
        return projects.Length == 1
            ? new PluginProject(root, projects[0])
            : throw new UserFacingException($"{root} has {(projects.Length == 0 ? "no" : "more than one")} project beside a plugin.json, there or in src. Name the plugin's own folder, or begin one: medicineman plugin new");
    }

    /// Builds it and says where to; null when that fails.
    public async Task<string?> Build(Stream output, CancellationToken cancel)
    {
        if (await Run(output, ["build", File, "--nologo", "-v", "quiet"], cancel) != 0)
        {
            return null;
        }

        using var said = new MemoryStream();
        await Run(said, ["msbuild", File, "-getProperty:TargetDir"], cancel);
        return Path.TrimEndingDirectorySeparator(System.Text.Encoding.UTF8.GetString(said.ToArray()).Trim());
    }

    public Task<int> Test(Stream output, CancellationToken cancel)
    {
        var tests = Path.Combine(Root, "tests");
        return Directory.Exists(tests)
            ? Run(output, ["test", tests, "--nologo"], cancel)
            : throw new UserFacingException($"{Root} has no folder tests. Put the plugin's tests there.");
    }

    private async Task<int> Run(Stream output, string[] arguments, CancellationToken cancel)
    {
        var runner = new ShellRunner("here", new LocalShell(), (_, _) => throw new InvalidOperationException("Building needs no secret."), TimeProvider.System);
        var command = new CommandSpec("sh", ["-c", InFolder, "sh", Root, "dotnet", .. arguments])
        {
            TimeLimit = Timeout.InfiniteTimeSpan,
            Environment = System.Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>().Select(one => ((string)one.Key, (string?)one.Value ?? ""))
                .Where(one => one.Item1.StartsWith("DOTNET_", StringComparison.Ordinal) || one.Item1.StartsWith("NUGET_", StringComparison.Ordinal))
                .ToDictionary(one => one.Item1, one => one.Item2),
        };
        await using var running = await runner.StartAsync(command, cancel);
        await running.StandardInput.CompleteAsync();
        await running.StandardOutput.CopyToAsync(output, cancel);
        var exit = await running.Completion;
        if (exit.ErrorText.Length > 0)
        {
            await Console.Error.WriteLineAsync(exit.ErrorText);
        }

        return exit.Code;
    }
}
