using System.ComponentModel;
using System.Globalization;
using System.Reflection;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Setup;

/// Where a setting such as Plugins:MostMemory comes from. Of those that name it the last one holds: appsettings.json beside the program, the environment
/// under the bare name (Plugins__MostMemory), the environment under ours (MEDICINEMAN__Plugins__MostMemory). What is an option of the command line stands
/// in HostSettings, where that one comes first.
internal static class HostConfiguration
{
    public const string Prefix = "MEDICINEMAN__";

    /// Adds what the framework does not read by itself.
    public static IConfigurationBuilder AddOurs(this IConfigurationBuilder builder) => builder.AddEnvironmentVariables(Prefix);

    /// The same without a host, for whoever only looks.
    public static IConfigurationRoot Read() =>
        new ConfigurationBuilder().SetBasePath(AppContext.BaseDirectory).AddJsonFile("appsettings.json", optional: true).AddEnvironmentVariables().AddOurs().Build();

    /// The options of a section.
    /// <exception cref="UserFacingException">Something there is no option, or has a value that cannot be read.</exception>
    public static T Options<T>(this IConfiguration configuration, string section)
        where T : class, new()
    {
        string[] known = [.. typeof(T).GetProperties().Select(property => property.Name)];
        if (configuration.GetSection(section).GetChildren().FirstOrDefault(child => !known.Contains(child.Key, StringComparer.OrdinalIgnoreCase)) is { } unknown)
        {
            throw new UserFacingException($"There is no setting {unknown.Path}. medicineman config lists those there are.");
        }

        var options = new T();
        try
        {
            configuration.GetSection(section).Bind(options);
            return options;
        }
        catch (InvalidOperationException unreadable)
        {
            throw new UserFacingException($"A setting cannot be read: {unreadable.Message} Correct it, or leave it out.", unreadable);
        }
    }

    /// The options of a section that are for operators, with their values and where each comes from.
    public static IEnumerable<(string Name, string Value, string Origin, string Meaning)> List<T>(string section)
        where T : class, new()
    {
        var configuration = Read();
        var options = configuration.Options<T>(section);
        foreach (var property in typeof(T).GetProperties())
        {
            if (property.GetCustomAttribute<DescriptionAttribute>() is { } meaning)
            {
                var name = $"{section}:{property.Name}";
                yield return (name, Text(property.GetValue(options)), Origin(configuration, name), meaning.Description);
            }
        }
    }

    private static string Origin(IConfigurationRoot configuration, string name)
    {
        var variable = name.Replace(":", "__", StringComparison.Ordinal);
        bool Names(string prefix) => Environment.GetEnvironmentVariables().Keys.Cast<string>().Any(key => key.StartsWith(prefix + variable, StringComparison.OrdinalIgnoreCase));
        return Names(Prefix) ? Prefix + variable : Names("") ? variable : configuration.GetSection(name).Exists() ? "appsettings.json" : "default";
    }

    private static string Text(object? value) => value switch
    {
        null => "",
        bool flag => flag ? "true" : "false",
        IEnumerable<string> many => string.Join(", ", many),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
