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

    /// <summary>All that may be read, in the order the system names them; null when there are none, or the file system knows none.</summary>
    public static IReadOnlyList<ExtendedAttribute>? Of(string path)
    {
        fixed (byte* name = Posix.Terminated(path))
        {
            // Nearly every file has none: the first call says so.
            var length = llistxattr(name, null, 0);
            if (length == 0 || (length < 0 && Marshal.GetLastPInvokeError() == NotSupported))
            {
                return null;
            }

            Posix.ThrowIf(length < 0, path);
            var names = new byte[length + 4096];
            fixed (byte* buffer = names)
            {
                length = llistxattr(name, buffer, names.Length);
                Posix.ThrowIf(length < 0, path);
            }

            var found = new List<ExtendedAttribute>();
            for (var rest = names.AsSpan(0, (int)length); rest.IndexOf((byte)0) is > 0 and var end; rest = rest[(end + 1)..])
            {
                if (Value(name, rest[..(end + 1)], path) is { } value)
                {
                    found.Add(new ExtendedAttribute(FileName.Decode(rest[..end]), value));
                }
            }

            return found.Count == 0 ? null : found;
        }
    }

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

    // Null when it has gone meanwhile.
    private static byte[]? Value(byte* path, ReadOnlySpan<byte> terminatedName, string shownPath)
    {
        fixed (byte* name = terminatedName)
        {
            while (true)
            {
                var length = lgetxattr(path, name, null, 0);
                var value = new byte[Math.Max(0, length)];
                fixed (byte* buffer = value)
                {
                    length = length <= 0 ? length : lgetxattr(path, name, buffer, value.Length);
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

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint llistxattr(byte* path, byte* names, nint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint lgetxattr(byte* path, byte* name, byte* value, nint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setxattr(byte* path, byte* name, byte* value, nint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsetxattr(int file, byte* name, byte* value, nint size, int flags);
}
