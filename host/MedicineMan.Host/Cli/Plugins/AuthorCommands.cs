using System.CommandLine;
using MedicineMan.Host.Plugins;
using MedicineMan.Host.Plugins.Development;
using MedicineMan.Host.Setup;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli.Plugins;

/// What a plugin's author does on the command line: begin one, test it, see it run. None of it needs a host that runs already.
internal static class AuthorCommands
{
    /// Adds the verbs to "plugin".
    public static Command Under(Command plugin)
    {
        plugin.Subcommands.Add(New());
        plugin.Subcommands.Add(Test());
        plugin.Subcommands.Add(Dev());
        return plugin;
    }

    private static Command New()
    {
        var name = new Argument<string>("name") { Description = "Publisher.Name, for instance Acme.Hello." };
        var kind = new Option<string>("--kind") { Description = $"What it contributes: {string.Join(", ", PluginTemplate.Kinds)}.", DefaultValueFactory = _ => "page" };
        var output = new Option<string?>("--output") { Description = "Folder to write to. Default: the name." };
        var feed = new Option<string?>("--feed") { Description = "Folder or address that has the SDK's packages, when the usual package sources do not." };
        var command = new Command("new", "Writes a new plugin with its tests.") { name, kind, output, feed };
        command.SetAction(async (parsed, cancel) =>
        {
            var template = new PluginTemplate(parsed.GetRequiredValue(name), parsed.GetRequiredValue(kind));
            var folder = Path.GetFullPath(parsed.GetValue(output) ?? template.Name);
            await template.Write(folder, parsed.GetValue(feed), cancel);
            await Console.Out.WriteLineAsync($"""
                {template.Name} is in {folder}. Now:
                  cd {folder}
                  medicineman plugin test
                  medicineman plugin dev
                """);
            return 0;
        });
        return command;
    }

    private static Command Test()
    {
        var folder = Folder();
        var command = new Command("test", "Runs the plugin's tests.") { folder };
        command.SetAction(async (parsed, cancel) => await PluginProject.Find(parsed.GetRequiredValue(folder)).Test(Console.OpenStandardOutput(), cancel));
        return command;
    }

    private static Command Dev()
    {
        var folder = Folder();
        var urls = new Option<string>("--urls") { Description = "Where to listen; this machine only.", DefaultValueFactory = _ => "http://127.0.0.1:5080" };
        var command = new Command("dev", "Builds the plugin, runs a host of its own with it, and has the host take over every further build.") { folder, urls };
        command.SetAction(async (parsed, cancel) =>
        {
            var project = PluginProject.Find(parsed.GetRequiredValue(folder));
            // A host of the author's own: a plugin in development has no business with real data, unless it is asked for.
            var data = parsed.GetValue(CommandLine.Data) ?? Path.Combine(project.Folder, "obj", "medicineman");
            var settings = HostSettings.Read(data, parsed.GetValue(CommandLine.Database), parsed.GetRequiredValue(urls));
            if (settings.Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault(url => !DevelopmentFolders.IsLoopback(url)) is { } open)
            {
                throw new UserFacingException($"{open} can be reached by others, and a plugin in development is vetted by nobody. Listen on a loopback address, such as http://127.0.0.1:5080.");
            }

            if (await project.Build(Console.OpenStandardOutput(), cancel) is not { } built)
            {
                return 1;
            }

            await Console.Out.WriteLineAsync($"Following {built}. Build again with: dotnet build {project.File}");
            return await Serve.Run(settings, cancel, builder => builder.Services
                .Configure<PluginOptions>(options => options.Dev.Add(built))
                .AddSingleton(new DevelopmentNews(Console.Out)));
        });
        return command;
    }

    private static Argument<string> Folder() => new("folder") { Description = "The plugin's folder. Default: this one.", DefaultValueFactory = _ => "." };
}
