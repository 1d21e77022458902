using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace MedicineMan.Repository.Files;

/// <summary>Writing of what nobody reads soon.</summary>
internal static unsafe partial class Posix
{
    // Fewer bytes are better left to the system, which writes them to the disk together with others.
    private const int LeastWrittenBehind = 128 << 10;

    private const int DoNotCache = 0x80;
    private const int DuplicateClosedOnExec = 1030;

    /// <summary>
    /// Writes, and has the system let go of what it remembers of that as soon as it is on the disk, where it knows how to (Linux 6.14 and later, on most file systems): a large restore then
    /// pushes nothing that this machine works with out of its memory, and costs no time to find room for what nobody reads.
    /// </summary>
    public static void WriteBehind(SafeFileHandle file, ReadOnlySpan<byte> bytes, long at)
    {
        while (bytes.Length >= LeastWrittenBehind && OperatingSystem.IsLinux())
        {
            fixed (byte* from = bytes)
            {
                var part = new IoPart { Start = from, Length = (nuint)bytes.Length };
                var written = (int)pwritev2((int)file.DangerousGetHandle(), &part, 1, at, DoNotCache);
                if (written > 0)
                {
                    bytes = bytes[written..];
                    at += written;
                }
                else if (Marshal.GetLastPInvokeError() is not Interrupted)
                {
                    // The usual way finds out whether it is this file, its disk, or only that the system is older.
                    break;
                }
            }
        }

        RandomAccess.Write(file, bytes, at);
    }

    /// <summary>
    /// Has a file system that is far away take what it has not taken yet, while the file can still be told from a finished one: it does that at a close, and only there says
    /// that its disk is full. A second handle is closed for it; a disk of this machine has nothing to do then.
    /// </summary>
    public static void Settle(SafeFileHandle file, string path)
    {
        var second = fcntl((int)file.DangerousGetHandle(), DuplicateClosedOnExec, 0);
        ThrowIf(second < 0 || close(second) != 0, path);
    }

    // Variadic in C, as openat is.
    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int file, int command, int least);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int file);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pwritev2(int file, IoPart* parts, int count, long at, int flags);

    private struct IoPart
    {
        public byte* Start;
        public nuint Length;
    }
}
