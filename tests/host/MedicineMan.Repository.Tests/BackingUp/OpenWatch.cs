using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace MedicineMan.Repository.Tests.BackingUp;

/// <summary>Which entries of a folder are opened while it watches, as the kernel says: the one proof that a file was not read.</summary>
internal sealed class OpenWatch : IDisposable
{
    private const int NonBlocking = 0x800;
    private const uint Opened = 0x20;
    private const uint IsFolder = 0x40000000;

    private readonly SafeFileHandle events;

    public OpenWatch(string folder)
    {
        events = new SafeFileHandle(inotify_init1(NonBlocking), ownsHandle: true);
        Assert.True(inotify_add_watch((int)events.DangerousGetHandle(), folder, Opened) >= 0);
    }

    /// <summary>Files opened since the last call, each once.</summary>
    public string[] Files()
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        var buffer = new byte[64 * 1024];
        for (nint length; (length = read((int)events.DangerousGetHandle(), buffer, buffer.Length)) > 0;)
        {
            for (var at = 0; at < length;)
            {
                var nameLength = (int)BitConverter.ToUInt32(buffer, at + 12);
                if (nameLength > 0 && (BitConverter.ToUInt32(buffer, at + 4) & IsFolder) == 0)
                {
                    names.Add(System.Text.Encoding.UTF8.GetString(buffer, at + 16, nameLength).TrimEnd('\0'));
                }

                at += 16 + nameLength;
            }
        }

        return [.. names];
    }

    public void Dispose() => events.Dispose();

    [DllImport("libc", ExactSpelling = true)]
    private static extern int inotify_init1(int flags);

    [DllImport("libc", ExactSpelling = true)]
    private static extern int inotify_add_watch(int handle, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, uint mask);

    [DllImport("libc", ExactSpelling = true)]
    private static extern nint read(int handle, byte[] buffer, nint size);
}
