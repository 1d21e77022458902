using System.Runtime.InteropServices;
using MedicineMan.Repository.Files;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Restoring.Targets;
using MedicineMan.Sdk;
using Microsoft.Win32.SafeHandles;

namespace MedicineMan.Repository.Restoring;

/// <summary>
/// A folder that is being restored, held open. Everything in it is made relative to the open folder and never through a link, so that no name
/// and no link in a snapshot, and nobody who swaps a folder meanwhile, can lead the restore elsewhere.
/// </summary>
internal sealed unsafe class RestoredFolder : IDisposable
{
    private readonly string path;

    private RestoredFolder(SafeFileHandle handle, string path)
    {
        Handle = handle;
        this.path = path;
    }

    public SafeFileHandle Handle { get; }

    private int Number => (int)Handle.DangerousGetHandle();

    public static RestoredFolder OpenTarget(string path)
    {
        Refuse(path);
        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new RestoredFolder(Posix.Open(Posix.CurrentFolder, path, OpenFlags.Read | OpenFlags.Directory, 0, path), path);
    }

    /// <summary>Null when there is none yet.</summary>
    public static RestoredFolder? FindTarget(string path)
    {
        Refuse(path);
        return Directory.Exists(path) ? new RestoredFolder(Posix.Open(Posix.CurrentFolder, path, OpenFlags.Read | OpenFlags.Directory, 0, path), path) : null;
    }

    public string PathOf(string name) => $"{path}/{name}";

    /// <summary>Names of what is in it. The path leads to the open folder, whatever has its name by now.</summary>
    public List<string> Names() => Posix.Names($"/proc/self/fd/{Number}");

    public FileFacts? Facts(string name) => Posix.FindFacts(Number, name, PathOf(name));

    public string LinkTarget(string name) => OpenFolderCalls.LinkTarget(Number, name, PathOf(name));

    /// <summary>Makes a folder in it.</summary>
    /// <returns>False when something of that name is there.</returns>
    public bool Make(string name)
    {
        fixed (byte* bytes = Posix.Terminated(name))
        {
            var isMade = OpenFolderCalls.mkdirat(Number, bytes, 0x1C0) == 0;
            Posix.ThrowIf(!isMade && Marshal.GetLastPInvokeError() != PosixException.Exists, PathOf(name));
            return isMade;
        }
    }

    /// <summary>Opens a folder in it.</summary>
    public RestoredFolder Enter(string name) =>
        new(Posix.Open(Number, name, OpenFlags.Read | OpenFlags.Directory | OpenFlags.NoFollow, 0, PathOf(name)), PathOf(name));

    /// <summary>Opens a file for reading.</summary>
    public SafeFileHandle OpenFile(string name) => Posix.Open(Number, name, OpenFlags.Read | OpenFlags.NoFollow | OpenFlags.NoWait, 0, PathOf(name));

    /// <summary>Opens a file for reading and writing.</summary>
    public SafeFileHandle ChangeFile(string name) => Posix.Open(Number, name, OpenFlags.ReadWrite | OpenFlags.NoFollow | OpenFlags.NoWait, 0, PathOf(name));

    public SafeFileHandle CreateFile(string name) =>
        Posix.Open(Number, name, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow, 0x180, PathOf(name));

    /// <summary>Holds an entry of any kind, which can then be described but not read.</summary>
    public SafeFileHandle Hold(string name) => Posix.Open(Number, name, OpenFlags.PathOnly | OpenFlags.NoFollow, 0, PathOf(name));

    public void Remove(string name, bool isFolder = false)
    {
        fixed (byte* bytes = Posix.Terminated(name))
        {
            if (OpenFolderCalls.unlinkat(Number, bytes, isFolder ? OpenFolderCalls.RemoveFolder : 0) != 0 && Marshal.GetLastPInvokeError() != PosixException.NotFound)
            {
                Posix.ThrowIf(true, PathOf(name));
            }
        }
    }

    /// <summary>Gives an entry another name in one step.</summary>
    /// <param name="from">Its name.</param>
    /// <param name="to">The new one.</param>
    /// <param name="replace">True to take the place of what has it; false to fail then.</param>
    public void Rename(string from, string to, bool replace)
    {
        fixed (byte* old = Posix.Terminated(from), name = Posix.Terminated(to))
        {
            if (replace)
            {
                Posix.ThrowIf(OpenFolderCalls.renameat(Number, old, Number, name) != 0, PathOf(to));
            }
            else if (OpenFolderCalls.renameat2(Number, old, Number, name, OpenFolderCalls.NoReplace) != 0)
            {
                // Not every file system can; a second name and one less comes to the same.
                Posix.ThrowIf(Marshal.GetLastPInvokeError() == PosixException.Exists || OpenFolderCalls.linkat(Number, old, Number, name, 0) != 0, PathOf(to));
                Remove(from);
            }
        }
    }

    public void Link(string name, string target)
    {
        fixed (byte* bytes = Posix.Terminated(name), to = Posix.Terminated(target))
        {
            Posix.ThrowIf(OpenFolderCalls.symlinkat(to, Number, bytes) != 0, PathOf(name));
        }
    }

    public void Node(TreeNode node, string name)
    {
        var kind = node.Type switch { "fifo" => 0x1000u, "chardev" => 0x2000u, _ => 0x6000u };
        fixed (byte* bytes = Posix.Terminated(name))
        {
            Posix.ThrowIf(OpenFolderCalls.mknodat(Number, bytes, kind | 0x180, node.Device) != 0, PathOf(name));
        }
    }

    /// <summary>The folder that holds a place below this one, again never through a link. Not this one's to dispose, unless it is this one.</summary>
    public RestoredFolder Walk(ReadOnlySpan<string> place)
    {
        var at = this;
        foreach (var segment in place)
        {
            using var passed = at == this ? null : at;
            at = at.Enter(segment);
        }

        return at;
    }

    /// <summary>Makes an entry another name of one in a folder.</summary>
    public void LinkTo(RestoredFolder folder, string first, string name)
    {
        fixed (byte* old = Posix.Terminated(first), bytes = Posix.Terminated(name))
        {
            Posix.ThrowIf(OpenFolderCalls.linkat(folder.Number, old, Number, bytes, 0) != 0, PathOf(name));
        }
    }

    public void Dispose() => Handle.Dispose();

    private static void Refuse(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new UserFacingException("Folders are restored on Linux only.");
        }

        for (var at = path; at is not null; at = Path.GetDirectoryName(at))
        {
            if (File.Exists(at))
            {
                throw new UserFacingException($"{at} is no folder, and stays as it is. Name a folder to restore into; it is made when it is missing.") { Permanent = true };
            }
        }
    }
}
