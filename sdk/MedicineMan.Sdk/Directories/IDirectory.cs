using System.Text.Json;

namespace MedicineMan.Sdk.Directories;

/// <summary>A directory of people, such as LDAP: checks who signs in and says which groups they are in. Contract <c>directory</c> in the manifest.</summary>
/// <remarks>Somebody waits at the sign-in page: each call has fifteen seconds.</remarks>
public interface IDirectory : IProvider
{
    /// <summary>Checks a name and a password.</summary>
    /// <param name="settings">What the directory's form produced; secrets in it are handles.</param>
    /// <param name="userName">As typed.</param>
    /// <param name="password">As typed. Never keep, log or forward it to anything but the directory. Never empty: the host refuses that itself.</param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <returns>Who it is; null when name or password is wrong, never saying which.</returns>
    /// <exception cref="UserFacingException">The directory cannot be asked.</exception>
    Task<DirectoryPerson?> SignInAsync(JsonElement settings, string userName, string password, CancellationToken cancel);

    /// <summary>Looks a person up without a password, to renew what is known.</summary>
    /// <returns>Null when the directory has no such person, or has disabled it.</returns>
    Task<DirectoryPerson?> FindAsync(JsonElement settings, string userName, CancellationToken cancel);

    /// <summary>Groups whose name contains the text, at most a hundred, for an administrator to map to roles.</summary>
    Task<IReadOnlyList<DirectoryGroup>> FindGroupsAsync(JsonElement settings, string text, CancellationToken cancel);
}

/// <summary>A person in a directory.</summary>
/// <param name="Id">Stays the same when the person is renamed.</param>
/// <param name="UserName">What the person types to sign in.</param>
/// <param name="Name">What others read.</param>
/// <param name="Email">Null when the directory has none.</param>
/// <param name="GroupIds">All groups, also through others.</param>
public sealed record DirectoryPerson(string Id, string UserName, string Name, string? Email, IReadOnlyList<string> GroupIds);

/// <summary>A group in a directory.</summary>
/// <param name="Id">Stays the same when it is renamed.</param>
/// <param name="Name">What a person reads.</param>
public sealed record DirectoryGroup(string Id, string Name);
