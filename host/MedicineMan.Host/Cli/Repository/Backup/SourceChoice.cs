using System.CommandLine;
using System.Globalization;
using MedicineMan.Repository.Patterns;
using MedicineMan.Repository.Pruning;
using MedicineMan.Repository.Sources;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli.Repository.Backup;

/// <summary>The options that say which files a backup takes in, with restic's names and meaning.</summary>
internal sealed class SourceChoice
{
    private const int MostAtOnce = 64;

    private readonly Option<string[]> listed = new("--files-from") { Description = "File with a path or a pattern of paths on each line, # for comments; - for standard input. May be given several times." };
    private readonly Option<string[]> verbatim = new("--files-from-verbatim") { Description = "File with a path on each line, taken letter by letter." };
    private readonly Option<string[]> raw = new("--files-from-raw") { Description = "File of paths that end with a zero byte each, as find -print0 writes them." };
    private readonly Option<string[]> excludes = new("--exclude", "-e") { Description = "Leaves out what matches this pattern; may be given several times, and !pattern takes back." };
    private readonly Option<string[]> caselessExcludes = new("--iexclude") { Description = "The same, with large and small letters alike." };
    private readonly Option<string[]> excludeFiles = new("--exclude-file") { Description = "File of such patterns, one a line; $NAME is a variable of the environment." };
    private readonly Option<string[]> caselessExcludeFiles = new("--iexclude-file") { Description = "The same, with large and small letters alike." };
    private readonly Option<string[]> ifPresent = new("--exclude-if-present") { Description = "name or name:header. Leaves a folder empty that holds a file of this name, which starts so." };
    private readonly Option<bool> caches = new("--exclude-caches") { Description = "Leaves folders empty that are marked as caches by a CACHEDIR.TAG." };
    private readonly Option<string?> largerThan = new("--exclude-larger-than") { Description = "Leaves out files larger than this, for instance 500M." };
    private readonly Option<bool> oneFileSystem = new("--one-file-system", "-x") { Description = "Stays on the file system of each path that is named." };
    private readonly Option<int> atOnce = new("--read-concurrency") { Description = $"Reads so many files side by side, 1 to {MostAtOnce}.", DefaultValueFactory = _ => new SourceOptions().FilesAtOnce };

    public Argument<string[]> Paths { get; } = new("path") { Description = "Files and folders; the program and its arguments after --stdin-from-command.", Arity = ArgumentArity.ZeroOrMore };

    public void AddTo(Command command)
    {
        command.Arguments.Add(Paths);
        foreach (var option in (Option[])[listed, verbatim, raw, excludes, caselessExcludes, excludeFiles, caselessExcludeFiles, ifPresent, caches, largerThan, oneFileSystem, atOnce])
        {
            command.Options.Add(option);
        }
    }

    public bool NamesLists(ParseResult parsed) => Lists(parsed).Any();

    public bool ReadsStandardInput(ParseResult parsed) => Lists(parsed).Contains("-");

    public async Task<SourcePaths> Find(ParseResult parsed, Answer answer, CancellationToken cancel)
    {
        var paths = new List<string>();
        foreach (var file in parsed.GetValue(listed) ?? [])
        {
            foreach (var line in (await PatternFile.Lines(file, cancel)).Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'))
            {
                var found = PathGlob.Find(line);
                paths.AddRange(found);
                if (found.Count == 0)
                {
                    answer.Warn($"{file}: nothing matches {line}.");
                }
            }
        }

        foreach (var file in parsed.GetValue(verbatim) ?? [])
        {
            paths.AddRange((await PatternFile.Lines(file, cancel)).Where(line => line.Length > 0));
        }

        foreach (var file in parsed.GetValue(raw) ?? [])
        {
            paths.AddRange(await PatternFile.Names(file, cancel));
        }

        paths.AddRange(parsed.GetValue(Paths) ?? []);
        return paths.Count > 0 ? SourcePaths.Find(paths) : throw new UserFacingException("The lists of files name nothing to back up.");
    }

    public async Task<(SourceOptions Options, IReadOnlyList<string> Excludes)> Rules(ParseResult parsed, Answer answer, CancellationToken cancel)
    {
        var exact = await Patterns(parsed, excludes, excludeFiles, answer, cancel);
        var caseless = await Patterns(parsed, caselessExcludes, caselessExcludeFiles, answer, cancel);
        var options = new SourceOptions
        {
            Excludes = [new PathPatterns(exact), new PathPatterns(caseless, ignoreCase: true)],
            ExcludeIfPresent = [.. parsed.GetValue(caches) ? [SourceOptions.CacheMarker] : (string[])[], .. parsed.GetValue(ifPresent) ?? []],
            ExcludeLargerThan = parsed.GetValue(largerThan) is { } text ? Size(text) : null,
            OneFileSystem = parsed.GetValue(oneFileSystem),
            FilesAtOnce = parsed.GetValue(atOnce) is >= 1 and <= MostAtOnce and var files ? files : throw new UserFacingException($"--read-concurrency is a number from 1 to {MostAtOnce}."),
        };
        return (options, [.. exact, .. caseless]);
    }

    private IEnumerable<string> Lists(ParseResult parsed) => new[] { listed, verbatim, raw }.SelectMany(option => parsed.GetValue(option) ?? []);

    private static async Task<List<string>> Patterns(ParseResult parsed, Option<string[]> given, Option<string[]> files, Answer answer, CancellationToken cancel)
    {
        List<string> patterns = [.. parsed.GetValue(given) ?? []];
        foreach (var file in parsed.GetValue(files) ?? [])
        {
            patterns.AddRange(await PatternFile.Patterns(file, name => answer.Warn($"{file}: the variable {name} is not set and stands for nothing."), cancel));
        }

        return patterns;
    }

    private static long Size(string text) =>
        text.EndsWith('b') || text.EndsWith('B')
            ? long.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes : throw new UserFacingException($"\"{text}\" is no size. Write for instance 100B or 500M.")
            : UnusedLimit.ParseSize(text);
}
