using System.Text;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Host.Secrets;

/// The master keys: the first one seals, the others only open what was sealed before a rotation. They come from the environment or from
/// the file <c>master.key</c>, one key a line, which only its owner may read.
internal sealed class KeyRing(IReadOnlyList<MasterKey> keys)
{
    public const string Variable = "MEDICINEMAN_MASTER_KEY";
    public const string FileName = "master.key";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public MasterKey Current => keys[0];

    public MasterKey? Find(string id) => keys.FirstOrDefault(key => key.Id == id);

    /// <summary>Loads the ring; makes a first key only where there is none and <paramref name="dataExists"/> is false.</summary>
    /// <param name="fromEnvironment">Value of <see cref="Variable"/>: keys parted by commas or lines; null when unset.</param>
    public static KeyRing Load(string dataDirectory, string? fromEnvironment, bool dataExists)
    {
        if (!string.IsNullOrWhiteSpace(fromEnvironment))
        {
            return new KeyRing(Parse(fromEnvironment, $"the environment variable {Variable}"));
        }

        var path = Path.Combine(dataDirectory, FileName);
        if (File.Exists(path))
        {
            return new KeyRing(Parse(ReadOwnFile(path), path));
        }

        if (dataExists)
        {
            throw new UserFacingException(
                $"The master key is missing: there is no {path}, and {Variable} is not set, but the database holds secrets. Put the key from the recovery kit there. Nothing was generated.");
        }

        var first = MasterKey.Generate();
        using (var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
        {
            file.Write(Encoding.ASCII.GetBytes(first.ToText() + "\n"));
            DurableFiles.Flush(file.SafeFileHandle);
        }

        DurableFiles.FlushFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        return new KeyRing([first]);
    }

    private static string ReadOwnFile(string path)
    {
        var mode = File.GetUnixFileMode(path);
        return (mode & ~(OwnerOnly | UnixFileMode.UserExecute)) == 0
            ? File.ReadAllText(path)
            : throw new UserFacingException($"{path} can be read by others (mode {Convert.ToString((int)mode, 8)}). Run: chmod 600 {path}");
    }

    private static List<MasterKey> Parse(string text, string origin)
    {
        List<MasterKey> keys = [];
        foreach (var line in text.Split(['\n', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            keys.Add(MasterKey.TryParse(line, out var key) ? key! : throw new UserFacingException(
                $"Line {keys.Count + 1} of {origin} is not a master key: 44 characters of base64 that stand for 32 bytes. Copy it again from the recovery kit."));
        }

        return keys.Count > 0 ? keys : throw new UserFacingException($"There is no master key in {origin}. Copy it from the recovery kit.");
    }
}
