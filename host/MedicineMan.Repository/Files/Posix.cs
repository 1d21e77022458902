using System.Runtime.InteropServices;
using System.Text;
using MedicineMan.Repository.Format;
using Microsoft.Win32.SafeHandles;

namespace MedicineMan.Repository.Files;

/// <summary>
/// The system calls that .NET has no door for: owners, nanoseconds, names as bytes. Paths are strings as <see cref="FileName"/> has them.
/// Failures are <see cref="IOException"/> with the path and the system's own words.
/// </summary>
internal static unsafe partial class Posix
{
    public const int CurrentFolder = -100;

    private const int NoFollow = 0x100;
    private const int NoSuchProcess = 3;
    private const int OfHandle = 0x1000;
    private const int BasicFacts = 0x7ff;

    // Where an entry of getdents64(2) has its length and its name.
    private const int LengthOffset = 16;
    private const int NameOffset = 19;

    private static readonly nint ReadEntries = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 ? 61 : 217;

    public static uint UserId() => OperatingSystem.IsWindows() ? 0 : geteuid();

    public static uint GroupId() => OperatingSystem.IsWindows() ? 0 : getegid();

    public static bool IsRunning(int process) =>
        OperatingSystem.IsWindows() || kill(process, 0) == 0 || Marshal.GetLastPInvokeError() != NoSuchProcess;

    /// <summary>Facts about an entry itself, or, when asked, about what a link leads to.</summary>
    public static FileFacts Facts(string path, bool follow = false)
    {
        ThrowIf(!TryFacts(CurrentFolder, path, follow ? 0 : NoFollow, out var facts), path);
        return facts;
    }

    /// <summary>Facts about an entry of an open folder itself.</summary>
    public static FileFacts Facts(int folder, string name, string path)
    {
        ThrowIf(!TryFacts(folder, name, NoFollow, out var facts), path);
        return facts;
    }

    /// <summary>The same, or with no name about what is open; null when there is none.</summary>
    public static FileFacts? FindFacts(int folder, string name, string path)
    {
        var found = TryFacts(folder, name, name.Length == 0 ? OfHandle : NoFollow, out var facts);
        ThrowIf(!found && Marshal.GetLastPInvokeError() != PosixException.NotFound, path);
        return found ? facts : null;
    }

    /// <summary>How long an open file is; null when it is no plain one: what was at its path may have been replaced since it was asked about.</summary>
    public static long? LengthOfFile(SafeFileHandle handle, string path)
    {
        ThrowIf(!TryFacts((int)handle.DangerousGetHandle(), "", OfHandle, out var facts), path);
        return (facts.Mode & 0xF000) == 0x8000 ? (long)facts.Size : null;
    }

    /// <summary>Names in a folder in the order of their bytes.</summary>
    public static List<string> Names(string path)
    {
        using var folder = Open(CurrentFolder, path, OpenFlags.Read | OpenFlags.Directory, 0, path);
        var names = Names(folder, path, out var failure);
        return failure is null ? names : throw failure;
    }

    /// <summary>Names in a folder that was just opened, in the order of their bytes; those that could be read, when reading failed on the way.</summary>
    public static List<string> Names(SafeFileHandle folder, string path, out PosixException? failure)
    {
        failure = null;
        var names = new List<byte[]>();
        var entries = stackalloc byte[32 << 10];
        for (nint length; (length = syscall(ReadEntries, folder.DangerousGetHandle(), entries, 32 << 10)) != 0;)
        {
            if (length < 0)
            {
                // One that was removed meanwhile has no names any more.
                failure = Marshal.GetLastPInvokeError() == PosixException.NotFound ? null : Failure(path);
                break;
            }

            for (var entry = entries; entry < entries + length; entry += *(ushort*)(entry + LengthOffset))
            {
                var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry + NameOffset);
                if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                {
                    names.Add(name.ToArray());
                }
            }
        }

        names.Sort((left, right) => left.AsSpan().SequenceCompareTo(right));
        return names.ConvertAll(name => FileName.Decode(name));
    }

    public static string LinkTarget(string path)
    {
        var target = new byte[4096];
        fixed (byte* name = Terminated(path))
        fixed (byte* buffer = target)
        {
            var length = readlink(name, buffer, target.Length);
            ThrowIf(length < 0, path);
            return FileName.Decode(target.AsSpan(0, (int)length));
        }
    }

    /// <summary>Opens a file for reading; a link is refused, and a pipe is not waited for.</summary>
    public static SafeFileHandle OpenToRead(string path) => Open(CurrentFolder, path, OpenFlags.Read | OpenFlags.NoFollow | OpenFlags.NoWait, 0, path);

    internal static SafeFileHandle Open(int folder, string name, int flags, uint mode, string path)
    {
        fixed (byte* bytes = Terminated(name))
        {
            var handle = openat(folder, bytes, flags | OpenFlags.CloseOnExec, mode);
            ThrowIf(handle < 0, path);
            return new SafeFileHandle(handle, ownsHandle: true);
        }
    }

    internal static byte[] Terminated(string path)
    {
        if (path.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') >= 0)
        {
            return [.. FileName.Encode(path), 0];
        }

        var bytes = new byte[Encoding.UTF8.GetByteCount(path) + 1];
        Encoding.UTF8.GetBytes(path, bytes);
        return bytes;
    }

    internal static void ThrowIf(bool failed, string path)
    {
        if (failed)
        {
            throw Failure(path);
        }
    }

    private static PosixException Failure(string path)
    {
        var error = Marshal.GetLastPInvokeError();
        return new PosixException(error, $"{path}: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    private static bool TryFacts(int folder, string name, int flags, out FileFacts facts)
    {
        fixed (byte* bytes = Terminated(name))
        fixed (FileFacts* to = &facts)
        {
            return statx(folder, bytes, flags, BasicFacts, to) == 0;
        }
    }

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc")]
    private static partial uint getegid();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int process, int signal);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int statx(int folder, byte* path, int flags, uint mask, FileFacts* facts);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint folder, byte* entries, nint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint readlink(byte* path, byte* buffer, nint size);

    // Variadic in C; on the platforms served, the mode travels as any other argument does.
    [LibraryImport("libc", SetLastError = true)]
    private static partial int openat(int folder, byte* path, int flags, uint mode);
}

/// <summary>A system call that failed.</summary>
internal sealed class PosixException(int error, string message) : IOException(message)
{
    public const int NotPermitted = 1;
    public const int NotFound = 2;
    public const int Exists = 17;
    public const int OtherFileSystem = 18;
    public const int NotAFolder = 20;
    public const int TooManyNames = 31;
    public const int TooManyLinks = 40;

    public int Error => error;
}

/// <summary>Flags of open(2) that differ between processors.</summary>
internal static class OpenFlags
{
    public const int Read = 0;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int NoWait = 0x800;
    public const int CloseOnExec = 0x80000;
    public const int PathOnly = 0x200000;

    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;

    public static int Directory => Arm ? 0x4000 : 0x10000;

    public static int NoFollow => Arm ? 0x8000 : 0x20000;
}

/// <summary>The answer of statx(2), which is laid out alike on every processor.</summary>
[StructLayout(LayoutKind.Sequential, Size = 256)]
internal struct FileFacts
{
    public uint Mask;
    public uint BlockSize;
    public ulong Attributes;
    public uint Links;
    public uint UserId;
    public uint GroupId;
    public ushort Mode;
    public ushort Padding;
    public ulong Inode;
    public ulong Size;
    public ulong Blocks;
    public ulong AttributesMask;
    public FileTime Accessed;
    public FileTime Created;
    public FileTime Changed;
    public FileTime Modified;
    public uint RawDeviceMajor;
    public uint RawDeviceMinor;
    public uint DeviceMajor;
    public uint DeviceMinor;

    // As the C library packs the two numbers into one.
    public readonly ulong Device => Pack(DeviceMajor, DeviceMinor);

    public readonly ulong RawDevice => Pack(RawDeviceMajor, RawDeviceMinor);

    private static ulong Pack(ulong major, ulong minor) =>
        ((major & 0xfffff000) << 32) | ((major & 0xfff) << 8) | ((minor & 0xffffff00) << 12) | (minor & 0xff);
}

[StructLayout(LayoutKind.Sequential)]
internal struct FileTime
{
    public long Seconds;
    public uint Nanoseconds;
    public int Padding;

    public readonly UnixTime ToUnixTime() => new(Seconds, (int)Nanoseconds);
}
