using System.CommandLine;
using MedicineMan.Host.Servers.Commands;
using MedicineMan.Repository;
using MedicineMan.Repository.Chunking;
using MedicineMan.Repository.Sources;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli.Repository.Backup;

/// <summary>The options by which a backup takes one stream in, from standard input or from a program.</summary>
internal sealed class StreamChoice
{
    private readonly Option<bool> stdin = new("--stdin") { Description = "Backs up standard input as one file." };
    private readonly Option<bool> fromCommand = new("--stdin-from-command") { Description = "Backs up what a program puts out: program and arguments follow after --. If it fails, there is no snapshot." };
    private readonly Option<string> name = new("--stdin-filename") { Description = "Name of that file.", DefaultValueFactory = _ => "stdin" };

    public void AddTo(Command command)
    {
        command.Options.Add(stdin);
        command.Options.Add(fromCommand);
        command.Options.Add(name);
    }

    /// <summary>True when a stream was asked for, and nothing else with it.</summary>
    public bool IsChosen(ParseResult parsed, SourceChoice files, RepositoryAccess access)
    {
        var words = parsed.GetValue(files.Paths) ?? [];
        var (reads, starts, lists) = (parsed.GetValue(stdin), parsed.GetValue(fromCommand), files.NamesLists(parsed));
        if ((reads, starts, words.Length > 0, lists) is not ((true, false, false, false) or (false, true, true, false) or (false, false, true, _) or (false, false, _, true)))
        {
            throw new UserFacingException("Name files or folders to back up, or give --stdin, or --stdin-from-command -- program; not both.");
        }

        if ((reads || files.ReadsStandardInput(parsed)) && access.PasswordIsOnStandardInput(parsed))
        {
            throw new UserFacingException("Standard input can't be both the data and the password. Put the password into a file.");
        }

        return reads || starts;
    }

    public string[] Place(ParseResult parsed) => parsed.GetRequiredValue(name).Split('/', StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } place && !place.Any(part => part is "." or "..")
        ? place : throw new UserFacingException($"\"{parsed.GetValue(name)}\" can't be the name of a file in the snapshot.");

    public async Task Take(ParseResult parsed, SourceChoice files, SnapshotSession session, Answer answer, CancellationToken cancel)
    {
        if (parsed.GetValue(stdin))
        {
            await session.AddStream(Place(parsed), WidePipe.StandardInput(), ChunkProfile.Stream, cancel);
            return;
        }

        var words = parsed.GetRequiredValue(files.Paths);
        await using var program = await LocalProgram.Start(words, line => answer.Warn($"{words[0]}: {line}"));
        // Ended, it closes its output, and whoever reads that comes back.
        await using var ending = cancel.Register(() => _ = program.End());
        await session.AddStream(Place(parsed), WidePipe.Of(program.Output), ChunkProfile.Stream, cancel);
        await program.ThrowUnlessSucceeded(cancel);
    }
}
