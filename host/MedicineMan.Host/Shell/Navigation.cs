namespace MedicineMan.Host.Shell;

/// The left navigation: nouns, and only those that exist.
internal static class Navigation
{
    public static IReadOnlyList<NavigationEntry> Entries { get; } =
    [
        new("Home", "/", "home"),
        new("Servers", "/servers", "server"),
        new("Backups", "/backups", "shield-check"),
        new("Jobs", "/jobs", "list-check"),
        new("Settings", "/settings", "settings"),
        new("Help", "/help", "help"),
    ];

    public static IReadOnlyList<NavigationEntry> Settings { get; } =
    [
        new("Profile and password", "/settings/profile", "user"),
        new("Sessions", "/settings/sessions", "device-desktop"),
        new("API tokens", "/settings/tokens", "key"),
        new("Plugins", "/settings/plugins", "puzzle"),
        new("API and command line", "/settings/api", "terminal-2"),
    ];
}

/// <param name="Icon">A name in icons.txt.</param>
internal sealed record NavigationEntry(string Title, string Url, string Icon)
{
    public bool Holds(PathString path) => Url == "/" ? path == "/" : path.StartsWithSegments(Url);
}
