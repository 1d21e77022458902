using MedicineMan.Sdk;

namespace MedicineMan.Host.Setup;

/// The folder that holds database, keys and logs; nobody but its owner looks into it.
internal sealed class DataDirectory
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private DataDirectory(string path) => Path = path;

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public static DataDirectory Open(string path)
    {
        try
        {
            if (!Directory.Exists(path))
            {
                Directory.CreateDirectory(path, OwnerOnly);
            }

            var probe = System.IO.Path.Combine(path, $".writable-{Environment.ProcessId}");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new UserFacingException($"The data directory {path} cannot be written: {refused.Message.TrimEnd('.')}. Give this user access to it, or name another with --data.", refused);
        }

        return new DataDirectory(path);
    }

    /// A folder of one purpose inside, for the owner only.
    public string Folder(string name) => Directory.CreateDirectory(this[name], OwnerOnly).FullName;
}
