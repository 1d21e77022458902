using System.Runtime.InteropServices;
using MedicineMan.Repository.Format;
using Microsoft.Win32.SafeHandles;

namespace MedicineMan.Repository.Files;

/// <summary>Extended attributes, and with them access lists and capabilities, of an entry itself, never of what a link leads to.</summary>
internal static unsafe partial class ExtendedAttributes
{
    private const int NotSupported = 95;
    private const int NoData = 61;
    private const int TooSmall = 34;
    private const int Closed = -1;

    /// <summary>All that may be read, in the order the system names them; null when there are none, or the file system knows none.</summary>
    public static IReadOnlyList<ExtendedAttribute>? Of(string path)
    {
        fixed (byte* name = Posix.Terminated(path))
        {
            return All(name, Closed, path);
        }
    }

    /// <summary>Those of an open file.</summary>
    public static IReadOnlyList<ExtendedAttribute>? Of(SafeFileHandle file, string path) => All(null, (int)file.DangerousGetHandle(), path);

    /// <summary>Sets one of an open entry.</summary>
    /// <param name="entry">It.</param>
    /// <param name="isHeld">True when it was opened as no more than a place.</param>
    /// <param name="attribute">What to set.</param>
    /// <param name="path">For the message.</param>
    public static void Set(SafeFileHandle entry, bool isHeld, ExtendedAttribute attribute, string path)
    {
        var number = (int)entry.DangerousGetHandle();
        // There is no call for a place that is only held; this path leads to it and no further.
        fixed (byte* place = Posix.Terminated($"/proc/self/fd/{number}"), name = Posix.Terminated(attribute.Name), value = attribute.Value)
        {
            var length = attribute.Value.Length;
            Posix.ThrowIf((isHeld ? setxattr(place, name, value, length, 0) : fsetxattr(number, name, value, length, 0)) != 0, $"{path}, attribute {attribute.Name}");
        }
    }

    private static List<ExtendedAttribute>? All(byte* path, int file, string shownPath)
    {
        // Nearly every file has none: the first call says so.
        var length = List(path, file, null, 0);
        if (length == 0 || (length < 0 && Marshal.GetLastPInvokeError() == NotSupported))
        {
            return null;
        }

        Posix.ThrowIf(length < 0, shownPath);
        var names = new byte[length + 4096];
        fixed (byte* buffer = names)
        {
            length = List(path, file, buffer, names.Length);
            Posix.ThrowIf(length < 0, shownPath);
        }

        var found = new List<ExtendedAttribute>();
        for (var rest = names.AsSpan(0, (int)length); rest.IndexOf((byte)0) is > 0 and var end; rest = rest[(end + 1)..])
        {
            if (Value(path, file, rest[..(end + 1)], shownPath) is { } value)
            {
                found.Add(new ExtendedAttribute(FileName.Decode(rest[..end]), value));
            }
        }

        return found.Count == 0 ? null : found;
    }

    // Null when it has gone meanwhile.
    private static byte[]? Value(byte* path, int file, ReadOnlySpan<byte> terminatedName, string shownPath)
    {
        fixed (byte* name = terminatedName)
        {
            while (true)
            {
                var length = Get(path, file, name, null, 0);
                var value = new byte[Math.Max(0, length)];
                fixed (byte* buffer = value)
                {
                    length = length <= 0 ? length : Get(path, file, name, buffer, value.Length);
                }

                switch (length < 0 ? Marshal.GetLastPInvokeError() : 0)
                {
                    case NoData or NotSupported:
                        return null;
                    case TooSmall:
                        // It grew between the two calls.
                        continue;
                }

                Posix.ThrowIf(length < 0, shownPath);
                return value[..(int)length];
            }
        }
    }

    private static nint List(byte* path, int file, byte* names, nint size) => file == Closed ? llistxattr(path, names, size) : flistxattr(file, names, size);

    private static nint Get(byte* path, int file, byte* name, byte* value, nint size) =>
        file == Closed ? lgetxattr(path, name, value, size) : fgetxattr(file, name, value, size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint flistxattr(int file, byte* names, nint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint fgetxattr(int file, byte* name, byte* value, nint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint llistxattr(byte* path, byte* names, nint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint lgetxattr(byte* path, byte* name, byte* value, nint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setxattr(byte* path, byte* name, byte* value, nint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsetxattr(int file, byte* name, byte* value, nint size, int flags);
}
