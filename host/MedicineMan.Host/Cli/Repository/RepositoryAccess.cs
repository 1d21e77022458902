using System.CommandLine;
using System.Text.Json;
using MedicineMan.Host.Cli.Repository.Sftp;
using MedicineMan.Repository;
using MedicineMan.Repository.Caching;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Storage;

namespace MedicineMan.Host.Cli.Repository;

/// <summary>What all repository commands share: which repository, which password, how to answer, and what a failure looks like.</summary>
internal sealed class RepositoryAccess(Func<string, JsonElement, CancellationToken, ValueTask<IStorageBackend>> openStorage, SftpOptions sftp)
{
    public const int Failed = 1;
    public const int Incomplete = 3;

    private const string PasswordFileVariable = "MEDICINEMAN_PASSWORD_FILE";
    private const string LocalScheme = "local:";

    public Option<string> Repo { get; } = new("--repo", "-r")
    {
        Description = "The repository: a folder, local:/folder, or sftp://user@host:port//folder.", Recursive = true,
    };

    /// How to sign in to a repository on another machine.
    public SftpOptions Sftp => sftp;

    public Option<string?> PasswordFile { get; } = new("--password-file", "-p")
    {
        Description = $"File that holds the password; - reads it from standard input. Default: the file named by {PasswordFileVariable}.", Recursive = true,
    };

    public Option<bool> Json { get; } = new("--json") { Description = "Answers in JSON.", Recursive = true };

    public Option<int> RetryLock { get; } = new("--retry-lock") { Description = "Waits so many minutes while others use the repository; by default a command that needs it alone fails at once.", Recursive = true };

    public Option<string?> CacheFolder { get; } = new("--cache-dir") { Description = "Keeps index and snapshot files of a far repository, and what was read of its folder listings, in this folder as well. Never needed, always safe to delete.", Recursive = true };

    public TimeSpan LockPatience(ParseResult parsed) => TimeSpan.FromMinutes(Math.Max(0, parsed.GetValue(RetryLock)));

    /// <summary>Runs a command on the opened repository.</summary>
    public Func<ParseResult, CancellationToken, Task<int>> On(Func<BackupRepository, Answer, CancellationToken, Task<int>> run) =>
        (parsed, cancel) => Guarded(parsed, async answer =>
        {
            await using var storage = await OpenStorage(Place(parsed), parsed, cancel);
            var password = await Password(parsed, cancel);
            using var repository = parsed.GetValue(CacheFolder) is { Length: > 0 } cache
                ? await BackupRepository.Open(storage, password, Path.GetFullPath(cache), cancel) : await BackupRepository.Open(storage, password, cancel);
            return await run(repository, answer, cancel);
        });

    /// <summary>Runs a command that needs no repository.</summary>
    public Func<ParseResult, CancellationToken, Task<int>> OnNone(Func<string, Answer, int> run) =>
        (parsed, _) => Guarded(parsed, answer => Task.FromResult(run(parsed.GetValue(CacheFolder) is { Length: > 0 } cache ? Path.GetFullPath(cache) : RepositoryCaches.DefaultFolder, answer)));

    /// <summary>Runs a command on the storage, where there may be no repository yet.</summary>
    public Func<ParseResult, CancellationToken, Task<int>> OnStorage(Func<IStorageBackend, string, Answer, CancellationToken, Task<int>> run) =>
        (parsed, cancel) => Guarded(parsed, async answer =>
        {
            await using var storage = await OpenStorage(Place(parsed), parsed, cancel);
            return await run(storage, await Password(parsed, cancel), answer, cancel);
        });

    /// <summary>A password from a file or, for <c>-</c>, from one line of standard input.</summary>
    public static async Task<string> ReadPassword(string file, CancellationToken cancel)
    {
        try
        {
            return file is "-"
                ? await Console.In.ReadLineAsync(cancel) ?? ""
                : (await File.ReadAllTextAsync(file, cancel)).TrimEnd('\r', '\n');
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new UserFacingException($"The password file can't be read. {failure.Message}", failure);
        }
    }

    public bool PasswordIsOnStandardInput(ParseResult parsed) => PasswordFileOf(parsed) is "-";

    private string? PasswordFileOf(ParseResult parsed) => parsed.GetValue(PasswordFile) ?? Environment.GetEnvironmentVariable(PasswordFileVariable);

    private Task<string> Password(ParseResult parsed, CancellationToken cancel) =>
        PasswordFileOf(parsed) is { Length: > 0 } file
            ? ReadPassword(file, cancel)
            : throw new UserFacingException($"No password. Name a file that holds it with --password-file, or in {PasswordFileVariable}.");

    // Not required by the option itself: the commands for caches have no repository.
    private string Place(ParseResult parsed) =>
        parsed.GetValue(Repo) is { Length: > 0 } place ? place : throw new UserFacingException("No repository. Name its folder with --repo.");

    public async ValueTask<IStorageBackend> OpenStorage(string place, ParseResult parsed, CancellationToken cancel) =>
        SftpPlace.IsOne(place)
            ? await openStorage("sftp", await sftp.Settings(SftpPlace.Parse(place), parsed, cancel), cancel)
            : await openStorage("local", Local(Path.GetFullPath(PathOf(place))), cancel);

    // By hand: a serializer would first look all over the type, which is felt in a command as short as most are.
    private static JsonElement Local(string path)
    {
        using var settings = JsonDocument.Parse($$"""{"path":"{{JsonEncodedText.Encode(path)}}"}""");
        return settings.RootElement.Clone();
    }

    private static string PathOf(string place) => place.StartsWith(LocalScheme, StringComparison.Ordinal) ? place[LocalScheme.Length..] : place;

    /// <summary>Before something is removed from a folder: a repository that lies in it would go as well.</summary>
    public void RefuseRepositoryIn(ParseResult parsed, string folder)
    {
        if (SftpPlace.IsOne(Place(parsed)))
        {
            return;
        }

        var repository = Path.GetFullPath(PathOf(Place(parsed)));
        if ((repository + "/").StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal))
        {
            throw new UserFacingException($"The repository {repository} lies in {folder}, from which everything that the snapshot does not have would be removed, the repository too. Restore elsewhere, or without removing.");
        }
    }

    private async Task<int> Guarded(ParseResult parsed, Func<Answer, Task<int>> run)
    {
        var configuration = parsed.InvocationConfiguration;
        var answer = new Answer(configuration.Output, configuration.Error, parsed.GetValue(Json));
        try
        {
            return await run(answer);
        }
        catch (OperationCanceledException)
        {
            answer.Fail("Cancelled.");
            return Failed;
        }
        catch (Exception failure) when (failure is UserFacingException or IOException or UnauthorizedAccessException)
        {
            answer.Fail(failure.Message);
            return Failed;
        }
    }
}
