using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace MedicineMan.Sdk.Storage;

/// <summary>
/// What a storage in a folder needs to keep its promise, and .NET has no call for. A plugin that uses it asks for the capability <c>native</c> with the scope
/// <c>files</c>. Write an object under a passing name, <see cref="Flush"/> it, <see cref="TryName"/> it, and <see cref="FlushFolder"/>.
/// </summary>
/// <remarks>Failures are <see cref="IOException"/> in the system's words, with its number in <see cref="Exception.HResult"/>.</remarks>
public static partial class DurableFiles
{
    private const int Interrupted = 4;
    private const int AlreadyThere = 17;
    private const int InvalidArgument = 22;
    private const int NotPermitted = 1;
    private const int NotImplemented = 38;
    private const int NotSupported = 95;
    private const int CurrentFolder = -100;
    private const uint NoReplace = 1;

    private static readonly Lock Moving = new();

    /// <summary>Has all that was written to a file reach the disk, so that it survives a power cut; a disk that cannot be asked for that is not.</summary>
    /// <remarks><c>FileStream.Flush(true)</c> asks as well, but in .NET 10.0 takes every answer for a yes. A disk that is far away or nearly full says no only here.</remarks>
    /// <param name="file">The <c>SafeFileHandle</c> of a stream: asking for that writes out what the stream still holds.</param>
    /// <exception cref="IOException">It did not: of what was written nothing can be relied on.</exception>
    public static void Flush(SafeFileHandle file)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (OperatingSystem.IsWindows())
        {
            RandomAccess.FlushToDisk(file);
            return;
        }

        while (fsync(file) != 0)
        {
            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted:
                    continue;
                case InvalidArgument or NotSupported:
                    return;
                case var error:
                    throw Failure(error);
            }
        }
    }

    /// <summary>Has the names in a folder survive a power cut.</summary>
    public static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var handle = new SafeFileHandle(open(folder, 0), ownsHandle: true);
        if (handle.IsInvalid)
        {
            throw Failure(Marshal.GetLastPInvokeError());
        }

        Flush(handle);
    }

    /// <summary>Makes a folder, and those above it that are missing, whose names survive a power cut; only its owner may look into them.</summary>
    public static void CreateFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return;
        }

        // One by one, because only the last one made in a call gets the mode.
        var above = Path.GetDirectoryName(Path.GetFullPath(folder))!;
        CreateFolder(above);
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        FlushFolder(above);
    }

    /// <summary>Gives a file its final name if that is free, in one step. Whoever wrote it removes the passing name, which is still there where the disk knows hard links.</summary>
    /// <remarks><see cref="File.Move(string, string)"/> looks whether a name is free and takes it afterwards, so that of two writers both can win.</remarks>
    /// <param name="from">The passing name, on the same disk.</param>
    /// <param name="to">The final one.</param>
    /// <returns>False when the name is taken.</returns>
    public static bool TryName(string from, string to)
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
            var error => throw Failure(error),
        };
    }

    private static bool TryRename(string from, string to)
    {
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
            var error => throw Failure(error),
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

    private static IOException Failure(int error) => new(Marshal.GetPInvokeErrorMessage(error), error);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(SafeFileHandle file);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int link(string from, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int renameat2(int fromFolder, string from, int toFolder, string to, uint flags);
}
