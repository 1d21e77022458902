using System.Runtime.InteropServices;
using MedicineMan.Repository.Files;

namespace MedicineMan.Repository.Restoring.Targets;

/// <summary>System calls relative to an open folder or on an open entry: what a name stands for can change between two calls, an open file can't.</summary>
internal static unsafe partial class OpenFolderCalls
{
    public const int EmptyPath = 0x1000;
    public const int RemoveFolder = 0x200;
    public const uint NoReplace = 1;
    public const int PunchHole = 3;
    public const int DontNeed = 4;

    public static string LinkTarget(int folder, string name, string path)
    {
        var target = stackalloc byte[4096];
        fixed (byte* bytes = Posix.Terminated(name))
        {
            var length = readlinkat(folder, bytes, target, 4096);
            Posix.ThrowIf(length < 0, path);
            return Format.FileName.Decode(new ReadOnlySpan<byte>(target, (int)length));
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    public static partial int mkdirat(int folder, byte* name, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int unlinkat(int folder, byte* name, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int linkat(int oldFolder, byte* oldName, int folder, byte* name, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int renameat(int oldFolder, byte* oldName, int folder, byte* name);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int renameat2(int oldFolder, byte* oldName, int folder, byte* name, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int symlinkat(byte* target, int folder, byte* name);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int mknodat(int folder, byte* name, uint mode, ulong device);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchownat(int folder, byte* name, uint user, uint group, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchmod(int file, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int chmod(byte* path, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int utimensat(int folder, byte* name, long* times, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int futimens(int file, long* times);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fallocate(int file, int mode, long offset, long length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int posix_fadvise(int file, long offset, long length, int advice);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint readlinkat(int folder, byte* path, byte* buffer, nint size);
}
