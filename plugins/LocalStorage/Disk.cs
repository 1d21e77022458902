using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace MedicineMan.Plugins.LocalStorage;

/// <summary>What .NET has no door for.</summary>
internal static partial class Disk
{
    private const int DontNeed = 4;

    /// <summary>Lets the system's memory of a flushed file go.</summary>
    public static void Forget(SafeFileHandle file)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = posix_fadvise(file, 0, 0, DontNeed);
        }
    }

    [LibraryImport("libc")]
    private static partial int posix_fadvise(SafeFileHandle file, long offset, long length, int advice);
}
