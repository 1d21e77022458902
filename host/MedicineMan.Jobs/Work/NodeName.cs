using System.Text;

namespace MedicineMan.Jobs.Work;

/// The name a worker leases under. When it comes from a file the lock on that file, which dies with the process, proves that
/// no earlier life of the node is still at work.
internal sealed class NodeName : IDisposable
{
    private readonly FileStream? file;

    private NodeName(string value, FileStream? file) => (Value, this.file) = (value, file);

    public string Value { get; }

    public bool IsProven => file is not null;

    public static NodeName Take(string? path)
    {
        var fresh = $"{Environment.MachineName}:{Guid.NewGuid().ToString("N")[..12]}";
        if (path is null || Open(path) is not { } file)
        {
            return new(fresh, null);
        }

        using var reader = new StreamReader(file, Encoding.UTF8, leaveOpen: true);
        var known = reader.ReadToEnd().Trim();
        if (known.Length == 0)
        {
            file.Write(Encoding.UTF8.GetBytes(fresh));
            // A power cut may take it along: nothing of this process runs any more then, and the next one takes another.
            file.Flush();
        }

        return new(known.Length == 0 ? fresh : known, file);
    }

    public void Dispose() => file?.Dispose();

    private static FileStream? Open(string path)
    {
        try
        {
            return new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another living process of this node holds it; this one is a worker of its own.
            return null;
        }
    }
}
