using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Acme.Sample;

/// <summary>What .NET has no call for: giving a file a name only if that is free, and making a folder's names survive a power cut.</summary>
internal static class Disk
{
    private const int AlreadyThere = 17;

    /// <summary>Gives a file its final name. The other one stays, too, where the system can do that.</summary>
    /// <returns>False when the name is taken: of many writers one wins.</returns>
    public static bool TryName(string from, string to)
    {
        if (OperatingSystem.IsWindows())
        {
            try
            {
                File.Move(from, to, overwrite: false);
                return true;
            }
            catch (IOException) when (File.Exists(to))
            {
                return false;
            }
        }

        // Elsewhere File.Move looks whether the name is free and takes it afterwards: two writers can both win.
        return link(from, to) == 0 || (Marshal.GetLastPInvokeError() == AlreadyThere ? false : throw Failure());
    }

    /// <summary>Makes the names in a folder survive a power cut.</summary>
    public static void Sync(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var handle = new SafeFileHandle(open(folder, 0), ownsHandle: true);
        if (handle.IsInvalid || fsync(handle) != 0)
        {
            throw Failure();
        }
    }

    /// <summary>Makes a folder, and those above it, whose names survive a power cut.</summary>
    public static void MakeFolder(string folder)
    {
        if (!Directory.Exists(folder))
        {
            MakeFolder(Path.GetDirectoryName(folder)!);
            Directory.CreateDirectory(folder);
            Sync(Path.GetDirectoryName(folder)!);
        }
    }

    private static IOException Failure() => new(Marshal.GetLastPInvokeErrorMessage());

    [DllImport("libc", SetLastError = true)]
    private static extern int link(string from, string to);

    [DllImport("libc", SetLastError = true)]
    private static extern int open(string path, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int fsync(SafeFileHandle file);
}
