using System.Text.Json;
using MedicineMan.Host.Plugins.Loading;
using MedicineMan.Sdk.Directories;

namespace MedicineMan.Host.Plugins.Guards;

/// An empty password never reaches a plugin: many directories take a sign-in without one for a question by nobody, and say yes.
internal sealed class GuardedDirectory(LoadedPlugin plugin, ProviderContribution provider) : GuardedProvider<IDirectory>(plugin, provider), IDirectory
{
    private const int MostGroups = 100;

    // Somebody waits at the sign-in page.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    public Task<DirectoryPerson?> SignInAsync(JsonElement settings, string userName, string password, CancellationToken cancel) =>
        string.IsNullOrWhiteSpace(userName) || string.IsNullOrEmpty(password)
            ? Task.FromResult<DirectoryPerson?>(null)
            : Call(settings, Limit, (inner, either) => inner.SignInAsync(settings, userName, password, either), cancel);

    public Task<DirectoryPerson?> FindAsync(JsonElement settings, string userName, CancellationToken cancel) =>
        Call(settings, Limit, (inner, either) => inner.FindAsync(settings, userName, either), cancel);

    public async Task<IReadOnlyList<DirectoryGroup>> FindGroupsAsync(JsonElement settings, string text, CancellationToken cancel) =>
        [.. (await Call(settings, Limit, (inner, either) => inner.FindGroupsAsync(settings, text, either), cancel)).Take(MostGroups)];
}
