using Microsoft.Win32.SafeHandles;

namespace MedicineMan.Repository.Files;

/// <summary>
/// A folder that is walked, held open: what is in it is found from there, at half of what its whole path costs, and a link that takes the place of a
/// folder meanwhile leads nowhere.
/// </summary>
internal sealed class SourceFolder : IDisposable
{
    // So many in each other are held open, which a process may be allowed a thousand of; what is deeper is found by its path.
    private const int MostHeld = 100;

    private readonly SafeFileHandle? handle;
    private readonly int depth;

    private SourceFolder(SafeFileHandle? handle, int depth)
    {
        this.handle = handle;
        this.depth = depth;
    }

    /// <summary>Where everything is found by its path.</summary>
    public static SourceFolder Nowhere { get; } = new(null, 0);

    /// <summary>Opens a folder in this one, and reads what it has.</summary>
    /// <param name="name">Its name here.</param>
    /// <param name="path">Its path.</param>
    /// <param name="names">In the order of their bytes.</param>
    /// <param name="failure">Why there may be more.</param>
    public SourceFolder Enter(string name, string path, out List<string> names, out PosixException? failure)
    {
        var entered = Open(name, path, OpenFlags.Directory);
        names = Posix.Names(entered, path, out failure);
        if (depth < MostHeld)
        {
            return new SourceFolder(entered, depth + 1);
        }

        entered.Dispose();
        return new SourceFolder(null, depth + 1);
    }

    /// <summary>Facts about an entry itself.</summary>
    public FileFacts Facts(string name, string path) => Posix.Facts(Number, handle is null ? path : name, path);

    /// <summary>Opens a file for reading; a link is refused, and a pipe is not waited for.</summary>
    public SafeFileHandle OpenToRead(string name, string path) => Open(name, path, OpenFlags.NoWait);

    private int Number => handle is null ? Posix.CurrentFolder : (int)handle.DangerousGetHandle();

    public void Dispose() => handle?.Dispose();

    private SafeFileHandle Open(string name, string path, int flags) =>
        Posix.Open(Number, handle is null ? path : name, OpenFlags.Read | OpenFlags.NoFollow | flags, 0, path);
}
