using System.Runtime.InteropServices;

namespace MedicineMan.Repository.Files;

/// <summary>Names of users and groups by number. The C library's answer lives in one static buffer, hence the lock, and is slow, hence the memory.</summary>
internal static unsafe partial class OwnerNames
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<uint, string?> Users = [];
    private static readonly Dictionary<uint, string?> Groups = [];

    public static string? User(uint id) => Look(Users, id, &getpwuid);

    public static string? Group(uint id) => Look(Groups, id, &getgrgid);

    private static string? Look(Dictionary<uint, string?> known, uint id, delegate* managed<uint, byte**> find)
    {
        lock (Gate)
        {
            if (!known.TryGetValue(id, out var name))
            {
                // Both records start with the pointer to the name.
                var record = find(id);
                known[id] = name = record is null ? null : Marshal.PtrToStringUTF8((nint)record[0]);
            }

            return name;
        }
    }

    [LibraryImport("libc")]
    private static partial byte** getpwuid(uint id);

    [LibraryImport("libc")]
    private static partial byte** getgrgid(uint id);
}
