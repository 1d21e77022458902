using System.Runtime.InteropServices;
using MedicineMan.Repository.Format;
using MedicineMan.Sdk;
using Microsoft.Win32.SafeHandles;

namespace MedicineMan.Repository.Files;

/// <summary>
/// A folder that is being restored, held open. Everything in it is made relative to the open folder and never through a link, so that no name
/// and no link in a snapshot, and nobody who swaps a folder meanwhile, can lead the restore elsewhere.
/// </summary>
internal sealed unsafe partial class RestoredFolder : IDisposable
{
    private const int NoFollow = 0x100;

    private readonly SafeFileHandle handle;
    private readonly string path;

    private RestoredFolder(SafeFileHandle handle, string path)
    {
        this.handle = handle;
        this.path = path;
    }

    private int Number => (int)handle.DangerousGetHandle();

    public static RestoredFolder OpenTarget(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new UserFacingException("Folders are restored on Linux only.");
        }

        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new RestoredFolder(Posix.Open(-100, path, OpenFlags.Read | OpenFlags.Directory, 0, path), path);
    }

    public string PathOf(string name) => $"{path}/{name}";

    public RestoredFolder Enter(string name)
    {
        fixed (byte* bytes = Posix.Terminated(name))
        {
            if (mkdirat(Number, bytes, 0x1C0) != 0 && Marshal.GetLastPInvokeError() != PosixException.Exists)
            {
                Posix.ThrowIf(true, PathOf(name));
            }
        }

        return new RestoredFolder(Posix.Open(Number, name, OpenFlags.Read | OpenFlags.Directory | OpenFlags.NoFollow, 0, PathOf(name)), PathOf(name));
    }

    public SafeFileHandle CreateFile(string name) =>
        Posix.Open(Number, name, OpenFlags.Write | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow, 0x180, PathOf(name));

    public void Remove(string name)
    {
        fixed (byte* bytes = Posix.Terminated(name))
        {
            if (unlinkat(Number, bytes, 0) != 0 && Marshal.GetLastPInvokeError() != PosixException.NotFound)
            {
                Posix.ThrowIf(true, PathOf(name));
            }
        }
    }

    public void Link(string name, string target)
    {
        fixed (byte* bytes = Posix.Terminated(name), to = Posix.Terminated(target))
        {
            Posix.ThrowIf(symlinkat(to, Number, bytes) != 0, PathOf(name));
        }
    }

    public void Node(TreeNode node)
    {
        var kind = node.Type switch { "fifo" => 0x1000u, "chardev" => 0x2000u, _ => 0x6000u };
        fixed (byte* bytes = Posix.Terminated(node.Name))
        {
            Posix.ThrowIf(mknodat(Number, bytes, kind | 0x180, node.Device) != 0, PathOf(node.Name));
        }
    }

    /// <summary>Makes an entry another name of what was restored at a place below this folder, again never through a link.</summary>
    public void LinkTo(string[] place, RestoredFolder folder, string name)
    {
        var open = new Stack<RestoredFolder>();
        try
        {
            foreach (var segment in place[..^1])
            {
                open.Push((open.TryPeek(out var parent) ? parent : this).Enter(segment));
            }

            fixed (byte* first = Posix.Terminated(place[^1]), second = Posix.Terminated(name))
            {
                Posix.ThrowIf(linkat((open.TryPeek(out var last) ? last : this).Number, first, folder.Number, second, 0) != 0, folder.PathOf(name));
            }
        }
        finally
        {
            while (open.TryPop(out var opened))
            {
                opened.Dispose();
            }
        }
    }

    /// <summary>Owner first, because a change of owner clears set-user-id and capabilities; times last, because everything else changes them.</summary>
    /// <returns>What could not be set, one sentence each; the rest was.</returns>
    public IReadOnlyList<string> Describe(TreeNode node, string name)
    {
        var problems = new List<string>();
        fixed (byte* bytes = Posix.Terminated(name))
        {
            // Only root may give files away; for anybody else they are theirs.
            if (Posix.UserId() == 0)
            {
                Note(fchownat(Number, bytes, node.UserId, node.GroupId, NoFollow), "owner");
            }

            foreach (var attribute in node.Attributes ?? [])
            {
                try
                {
                    ExtendedAttributes.Set(Number, name, attribute, PathOf(name));
                }
                catch (PosixException failure)
                {
                    problems.Add($"{failure.Message}. Everything else of it was restored.");
                }
            }

            // A symlink has no mode of its own. Whoever else could swap the entry for a link meanwhile could only do so in their own folder.
            if (node.Type is not "symlink")
            {
                Note(fchmodat(Number, bytes, GoMode.ToUnixPermissions(node.Mode), 0), "mode");
            }

            var times = stackalloc long[] { node.Accessed.Seconds, node.Accessed.Nanoseconds, node.Modified.Seconds, node.Modified.Nanoseconds };
            Note(utimensat(Number, bytes, times, NoFollow), "times");
        }

        return problems;

        void Note(int result, string what)
        {
            if (result != 0)
            {
                problems.Add($"{PathOf(name)}, {what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}. Everything else of it was restored.");
            }
        }
    }

    public void Dispose() => handle.Dispose();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mkdirat(int folder, byte* name, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unlinkat(int folder, byte* name, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int linkat(int oldFolder, byte* oldName, int folder, byte* name, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int symlinkat(byte* target, int folder, byte* name);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mknodat(int folder, byte* name, uint mode, ulong device);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchownat(int folder, byte* name, uint user, uint group, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmodat(int folder, byte* name, uint mode, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int utimensat(int folder, byte* name, long* times, int flags);
}
