namespace MedicineMan.Host.Plugins.Capabilities.Servers;

/// Which programs a scope of "exec" means. A bare name means what the server finds on its PATH, and the program of that name in the folders that
/// packages of the system install into, where no ordinary user writes; a program elsewhere is named with its whole path.
internal static class ProgramNames
{
    private static readonly string[] Folders = ["/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/usr/local/pgsql/bin"];

    public static bool Fits(IReadOnlySet<string> scope, string file)
    {
        var end = file.LastIndexOf('/');
        return scope.Contains(file) || (end > 0 && IsOfTheSystem(file[..end]) && scope.Contains(file[(end + 1)..]));
    }

    private static bool IsOfTheSystem(string folder) =>
        Folders.Contains(folder, StringComparer.Ordinal)
        // Debian and Red Hat keep a folder for each version of PostgreSQL.
        || folder.Split('/') is ["", "usr", "lib", "postgresql", var version, "bin"] && IsVersion(version)
        || folder.Split('/') is ["", "usr", ['p', 'g', 's', 'q', 'l', '-', .. var packaged], "bin"] && IsVersion(packaged);

    private static bool IsVersion(string name) => name.Length > 0 && name.All(letter => char.IsAsciiDigit(letter) || letter == '.') && name[0] != '.';
}
