using System.Security.Cryptography;

namespace MedicineMan.Host.Backups.Repositories;

/// Passwords that nobody has to remember but somebody may have to type: 160 random bits in groups of unmistakable characters.
internal static class RepositoryPassword
{
    private const string Alphabet = "abcdefghjkmnpqrstuvwxyz23456789";

    public static string New() => string.Join('-', Enumerable.Range(0, 8).Select(_ => RandomNumberGenerator.GetString(Alphabet, 4)));
}
