using System.Runtime.InteropServices;
using MedicineMan.Repository.Files;
using MedicineMan.Repository.Format;
using MedicineMan.Repository.Restoring.Targets;
using Microsoft.Win32.SafeHandles;

namespace MedicineMan.Repository.Restoring;

/// <summary>
/// Gives restored entries their owners, attributes, modes and times. An entry is described while it is held open, so that whoever owns the folder
/// can't put another file in its place meanwhile and have that one described.
/// </summary>
internal sealed unsafe class Description
{
    private const uint Nobody = uint.MaxValue;
    private const uint SetUserAndGroup = 0xC00;

    private readonly uint user = Posix.UserId();
    private readonly uint group = Posix.GroupId();
    private long foreign;

    /// <summary>Entries that belong to others, whom only root may give them to.</summary>
    public long Foreign => Interlocked.Read(ref foreign);

    /// <summary>Describes an open file or folder.</summary>
    /// <returns>What could not be set, one sentence each; the rest was.</returns>
    public IReadOnlyList<string> Apply(SafeFileHandle entry, TreeNode node, string path) => Apply(entry, isHeld: false, node, path);

    /// <summary>Describes anything else.</summary>
    /// <inheritdoc cref="Apply(SafeFileHandle, TreeNode, string)"/>
    public IReadOnlyList<string> Apply(RestoredFolder folder, string name, TreeNode node, string path)
    {
        using var entry = folder.Hold(name);
        var kind = GoMode.FromUnix(Posix.FindFacts((int)entry.DangerousGetHandle(), "", path)!.Value.Mode).Type;
        return kind == node.Type ? Apply(entry, isHeld: true, node, path) : [$"{path} was swapped for something else while it was restored, and left so."];
    }

    /// <summary>Makes a file the restore's own while it is unfinished.</summary>
    public static void MakeOwn(SafeFileHandle file)
    {
        fixed (byte* none = "\0"u8)
        {
            var number = (int)file.DangerousGetHandle();
            _ = OpenFolderCalls.fchownat(number, none, Posix.UserId(), Nobody, OpenFolderCalls.EmptyPath);
            _ = OpenFolderCalls.fchmod(number, 0x180);
        }
    }

    /// <summary>Opens a folder to its owner, who is not root, so that it can be filled; it gets its mode when it is full.</summary>
    public static void MakeUsable(SafeFileHandle folder, string path)
    {
        const ushort All = 0x1C0;
        var number = (int)folder.DangerousGetHandle();
        if (Posix.UserId() != 0 && Posix.FindFacts(number, "", path) is { } facts && (facts.Mode & All) != All)
        {
            _ = OpenFolderCalls.fchmod(number, (facts.Mode & 0xFFFu) | All);
        }
    }

    /// <summary>Whether an entry has its owner, mode and time already.</summary>
    public static bool IsRight(FileFacts there, TreeNode node) =>
        node.Attributes is null && there.UserId == node.UserId && there.GroupId == node.GroupId && there.Modified.ToUnixTime() == node.Modified
        && (node.Type is "symlink" || (there.Mode & 0xFFFu) == GoMode.ToUnixPermissions(node.Mode));

    // Owner first, because a change of owner clears set-user-id and capabilities; times last, because everything else changes them.
    private List<string> Apply(SafeFileHandle entry, bool isHeld, TreeNode node, string path)
    {
        var problems = new List<string>();
        var number = (int)entry.DangerousGetHandle();
        fixed (byte* none = "\0"u8, place = isHeld ? Posix.Terminated($"/proc/self/fd/{number}") : [])
        {
            var isOwn = Own(number, none, node, Note);
            foreach (var attribute in node.Attributes ?? [])
            {
                try
                {
                    ExtendedAttributes.Set(entry, isHeld, attribute, path);
                }
                catch (PosixException failure)
                {
                    problems.Add($"{failure.Message}. Everything else of it was restored.");
                }
            }

            // A symlink has no mode of its own. Rights that go with an owner are not given to another one.
            if (node.Type is not "symlink")
            {
                var mode = GoMode.ToUnixPermissions(node.Mode) & (isOwn ? uint.MaxValue : ~SetUserAndGroup);
                Note(isHeld ? OpenFolderCalls.chmod(place, mode) : OpenFolderCalls.fchmod(number, mode), "mode");
            }

            var times = stackalloc long[] { node.Accessed.Seconds, node.Accessed.Nanoseconds, node.Modified.Seconds, node.Modified.Nanoseconds };
            Note(isHeld ? OpenFolderCalls.utimensat(number, none, times, OpenFolderCalls.EmptyPath) : OpenFolderCalls.futimens(number, times), "times");
        }

        return problems;

        void Note(int result, string what)
        {
            if (result != 0)
            {
                problems.Add($"{path}, {what}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}. Everything else of it was restored.");
            }
        }
    }

    // Only root may give files away. Others may give theirs to a group they are in.
    private bool Own(int number, byte* none, TreeNode node, Action<int, string> note)
    {
        if (user == 0)
        {
            note(OpenFolderCalls.fchownat(number, none, node.UserId, node.GroupId, OpenFolderCalls.EmptyPath), "owner");
            return true;
        }

        var isOwn = (node.GroupId == group || OpenFolderCalls.fchownat(number, none, Nobody, node.GroupId, OpenFolderCalls.EmptyPath) == 0) && node.UserId == user;
        if (!isOwn)
        {
            Interlocked.Increment(ref foreign);
        }

        return isOwn;
    }
}
