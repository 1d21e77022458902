using System.IO.Pipes;
using System.Runtime.InteropServices;

namespace MedicineMan.Repository.Sources;

/// <summary>
/// Gives a pipe room for a megabyte. With the usual 64 KiB, whoever writes and whoever reads wake each other a hundred times for each megabyte, which was
/// a twentieth of a dump's backup.
/// </summary>
public static partial class WidePipe
{
    private const int SetSize = 1031;
    private const int Room = 1 << 20;

    /// <summary>This process's standard input.</summary>
    public static Stream StandardInput()
    {
        Widen(0);
        return Console.OpenStandardInput();
    }

    /// <summary>This process's standard output.</summary>
    public static Stream StandardOutput()
    {
        Widen(1);
        return Console.OpenStandardOutput();
    }

    /// <summary>What another process writes to this one.</summary>
    /// <returns>The same stream.</returns>
    public static Stream Of(Stream output)
    {
        if (output is PipeStream pipe)
        {
            Widen((int)pipe.SafePipeHandle.DangerousGetHandle());
        }

        return output;
    }

    // A wish: what is no pipe, or may not grow, stays as it is.
    private static void Widen(int handle)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = fcntl(handle, SetSize, Room);
        }
    }

    [LibraryImport("libc")]
    private static partial int fcntl(int handle, int command, int value);
}
