using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace MedicineMan.Repository.Files;

/// <summary>Reading of many small files: .NET's own way asks of each whether it can be read from anywhere, and once more whether it has ended.</summary>
internal static unsafe partial class Posix
{
    private const int Interrupted = 4;

    /// <summary>Reads a file until it ends or the buffer is full. One that turns out as long as expected is not asked once more whether it has ended.</summary>
    /// <returns>How much was read.</returns>
    public static int ReadAll(SafeFileHandle file, Span<byte> buffer, int expected)
    {
        var length = 0;
        while (length < buffer.Length)
        {
            fixed (byte* to = buffer[length..])
            {
                var read = pread((int)file.DangerousGetHandle(), to, buffer.Length - length, length);
                if (read < 0)
                {
                    var error = Marshal.GetLastPInvokeError();
                    if (error == Interrupted)
                    {
                        continue;
                    }

                    throw new IOException(Marshal.GetPInvokeErrorMessage(error), error);
                }

                length += (int)read;
                if (read == 0 || length == expected)
                {
                    break;
                }
            }
        }

        return length;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pread(int file, byte* buffer, nint size, long offset);
}
