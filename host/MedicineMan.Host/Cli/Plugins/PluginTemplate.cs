using System.Text.RegularExpressions;
using MedicineMan.Host.Setup;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli.Plugins;

/// A new plugin, written from the same files as "dotnet new medicineman-plugin", which this program carries.
internal sealed partial class PluginTemplate
{
    private const string Root = "plugin-template/";

    private readonly string kind;

    /// <exception cref="UserFacingException">The name or the kind is none.</exception>
    public PluginTemplate(string name, string kind)
    {
        if (!NamePattern().IsMatch(name))
        {
            throw new UserFacingException($"\"{name}\" is no name of a plugin. Write publisher and name with capitals and a dot between, such as Acme.Hello.");
        }

        if (!Kinds.Contains(kind))
        {
            throw new UserFacingException($"There is no kind \"{kind}\". Choose one of {string.Join(", ", Kinds)}.");
        }

        (Name, this.kind) = (name, kind);
    }

    public static IReadOnlyList<string> Kinds { get; } = ["backup", "storage", "scanner", "notifier", "cloud", "page"];

    public string Name { get; }

    /// <param name="folder">Made when it is not there; an existing one must be empty.</param>
    /// <param name="feed">Where else to look for packages; null for nowhere.</param>
    /// <param name="cancel">Ends the writing.</param>
    public async Task Write(string folder, string? feed, CancellationToken cancel)
    {
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new UserFacingException($"{folder} is not empty. Name another folder with --output.");
        }

        var assembly = typeof(PluginTemplate).Assembly;
        string[] sources = [$"{Root}common/", $"{Root}kinds/{kind}/"];
        foreach (var resource in assembly.GetManifestResourceNames())
        {
            if (Array.Find(sources, source => resource.StartsWith(source, StringComparison.Ordinal)) is { } source)
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
                var file = Path.Combine(folder, Named(resource[source.Length..]));
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                await File.WriteAllTextAsync(file, Named(await reader.ReadToEndAsync(cancel)), cancel);
            }
        }

        if (feed is not null)
        {
            var place = Directory.Exists(feed) ? Path.GetFullPath(feed) : feed;
            await File.WriteAllTextAsync(Path.Combine(folder, "nuget.config"), $"""
                <?xml version="1.0" encoding="utf-8"?>
                <configuration>
                  <packageSources>
                    <add key="medicineman" value="{System.Security.SecurityElement.Escape(place)}" />
                  </packageSources>
                </configuration>

                """, cancel);
        }
    }

    private string Named(string text)
    {
        var parts = Name.Split('.');
        return text.Replace("Acme.Sample", Name, StringComparison.Ordinal)
            .Replace("PLUGIN_ID", Name.ToLowerInvariant(), StringComparison.Ordinal)
            .Replace("PLUGIN_PUBLISHER", parts[0].ToLowerInvariant(), StringComparison.Ordinal)
            .Replace("PLUGIN_TITLE", parts[1], StringComparison.Ordinal)
            .Replace("SDK_VERSION", Serve.Version, StringComparison.Ordinal);
    }

    [GeneratedRegex("^[A-Z][A-Za-z0-9]{1,31}[.][A-Z][A-Za-z0-9]{1,47}$", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();
}
