using System.CommandLine;
using MedicineMan.Host.Cli.Show;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli.Wire;

/// How a command finds its host: --url and a token, or else the data directory of this machine.
internal static class Door
{
    public static Option<string?> Url { get; } = new("--url") { Description = "A running Medicine Man. Default: MEDICINEMAN_URL, else the data directory of this machine.", Recursive = true };

    public static Option<string?> Token { get; } = new("--token") { Description = "API token for --url. Better give it as MEDICINEMAN_TOKEN or by --token-file: others can read a command line.", Recursive = true };

    public static Option<string?> TokenFile { get; } = new("--token-file") { Description = "File that holds the API token.", Recursive = true };

    public static Option<bool> Json { get; } = new("--json") { Description = "Print what the API answered, as JSON.", Recursive = true };

    /// Gives a command all of these options, and its verbs too.
    public static Command ThroughTheDoor(this Command command)
    {
        command.Options.Add(Url);
        command.Options.Add(Token);
        command.Options.Add(TokenFile);
        command.Options.Add(Json);
        return command;
    }

    /// The action of a command that works on a host.
    public static Command Does(this Command command, Func<ParseResult, HostClient, Output, CancellationToken, Task<int>> action)
    {
        command.SetAction(async (parsed, cancel) =>
        {
            try
            {
                await using var host = await Open(parsed, cancel);
                return await action(parsed, host, new Output(parsed.GetValue(Json)), cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                await Console.Error.WriteLineAsync("Stopped.");
                return 1;
            }
        });
        return command;
    }

    public static string? UrlOf(ParseResult parsed) => parsed.GetValue(Url) ?? Variable("MEDICINEMAN_URL");

    private static async Task<HostClient> Open(ParseResult parsed, CancellationToken cancel)
    {
        if (UrlOf(parsed) is not { } url)
        {
            return await LocalHost.Start(CommandLine.Settings(parsed), cancel);
        }

        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new UserFacingException($"{url} is no address. Write one such as https://medicine.example.org.");
        }

        var token = parsed.GetValue(TokenFile) is { } file ? (await Read(file, cancel)).Trim() : parsed.GetValue(Token) ?? Variable("MEDICINEMAN_TOKEN");
        return token is { Length: > 0 }
            ? new HostClient(address, token, new SocketsHttpHandler(), null)
            : throw new UserFacingException($"A command at {url} needs an API token: MEDICINEMAN_TOKEN, --token-file or --token. Make one under Settings, API tokens.");
    }

    /// A secret from a file, so that it never stands on a command line.
    public static async Task<string> Read(string file, CancellationToken cancel)
    {
        try
        {
            return await File.ReadAllTextAsync(file, cancel);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new UserFacingException($"{file} cannot be read: {unreadable.Message}", unreadable);
        }
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
