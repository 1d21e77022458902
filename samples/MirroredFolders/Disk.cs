using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace MedicineMan.Samples.MirroredFolders;

/// What .NET has no call for: giving a file a name only if that is free, and making a folder's names survive a power cut.
internal static partial class Disk
{
    private const int AlreadyThere = 17;

    /// File.Move looks whether the name is free and takes it afterwards, so that two writers can both win; the system does it in one step.
    /// <returns>False when the name is taken.</returns>
    public static bool TryLink(string from, string to) => Link(from, to) == 0 || (Marshal.GetLastPInvokeError() == AlreadyThere
        ? false
        : throw new IOException($"{to} could not be named: {Marshal.GetLastPInvokeErrorMessage()}."));

    public static void Sync(string folder)
    {
        using var handle = new SafeFileHandle(Open(folder, 0), ownsHandle: true);
        if (handle.IsInvalid || Fsync(handle) != 0)
        {
            throw new IOException($"{folder} could not be synced: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string from, string to);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(SafeFileHandle file);
}
