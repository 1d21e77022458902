using System.Buffers;

namespace MedicineMan.Samples.MirroredFolders;

/// Keys are what the contract says, letter by letter, so that none names anything outside the folders.
internal static class Keys
{
    private static readonly SearchValues<char> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_.");

    public static void Check(string key)
    {
        if (Array.Exists(key.Split('/'), segment => segment is "" or "." or ".." || segment.AsSpan().ContainsAnyExcept(Allowed)))
        {
            throw new ArgumentException($"{key} is not a key.", nameof(key));
        }
    }
}
