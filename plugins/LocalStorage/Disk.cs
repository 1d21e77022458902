using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace MedicineMan.Plugins.LocalStorage;

/// <summary>What .NET has no door for: giving a file a name only if that is free, syncing a folder, and letting go of a file in the system's memory.</summary>
internal static unsafe partial class Disk
{
    private const int AlreadyThere = 17;
    private const int NotSupported = 95;
    private const int NotPermitted = 1;
    private const int NotImplemented = 38;
    private const int InvalidArgument = 22;
    private const int CurrentFolder = -100;
    private const uint NoReplace = 1;
    private const int DontNeed = 4;

    private static readonly Lock Moving = new();

    /// <summary>Gives a file its final name, as a second one where the disk knows such.</summary>
    /// <returns>False when the name is taken.</returns>
    public static bool TryLink(string from, string to)
    {
        if (OperatingSystem.IsWindows())
        {
            return TryMove(from, to);
        }

        if (link(from, to) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() switch
        {
            AlreadyThere => false,
            // Some network and FAT disks know no links.
            NotSupported or NotPermitted or NotImplemented => TryRename(from, to),
            var error => throw new IOException(Marshal.GetPInvokeErrorMessage(error), error),
        };
    }

    /// <summary>Makes the names in a folder survive a power cut.</summary>
    public static void Sync(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var handle = new SafeFileHandle(open(folder, 0), ownsHandle: true);
        if (handle.IsInvalid || fsync((int)handle.DangerousGetHandle()) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            throw new IOException(Marshal.GetPInvokeErrorMessage(error), error);
        }
    }

    /// <summary>Lets the system's memory of a synced file go.</summary>
    public static void Forget(SafeFileHandle file)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = posix_fadvise((int)file.DangerousGetHandle(), 0, 0, DontNeed);
        }
    }

    internal static bool TryRename(string from, string to)
    {
        // .NET's own move looks whether the name is free and takes it afterwards, so that two writers could both win.
        if (!OperatingSystem.IsLinux())
        {
            return TryMove(from, to);
        }

        if (renameat2(CurrentFolder, from, CurrentFolder, to, NoReplace) == 0)
        {
            return true;
        }

        return Marshal.GetLastPInvokeError() switch
        {
            AlreadyThere => false,
            InvalidArgument or NotImplemented => TryMove(from, to),
            var error => throw new IOException(Marshal.GetPInvokeErrorMessage(error), error),
        };
    }

    // Of the writers of this process one wins even where the system has no single step for it.
    private static bool TryMove(string from, string to)
    {
        lock (Moving)
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
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int link(string from, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat2(int fromFolder, string from, int toFolder, string to, uint flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int handle);

    [LibraryImport("libc")]
    private static partial int posix_fadvise(int handle, long offset, long length, int advice);
}
