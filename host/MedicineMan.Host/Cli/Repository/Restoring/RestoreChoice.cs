using System.CommandLine;
using MedicineMan.Repository.Patterns;

namespace MedicineMan.Host.Cli.Repository.Restoring;

/// <summary>The options that say which paths of a snapshot are meant.</summary>
internal sealed class RestoreChoice
{
    private readonly Option<string[]> include = new("--include", "-i") { Description = "Only paths that match this pattern, and all below them; may be given several times." };
    private readonly Option<string[]> includeAnyCase = new("--iinclude") { Description = "The same, for large and small letters alike." };
    private readonly Option<string[]> exclude = new("--exclude", "-e") { Description = "No paths that match this pattern, nor what is below them; may be given several times." };
    private readonly Option<string[]> excludeAnyCase = new("--iexclude") { Description = "The same, for large and small letters alike." };

    public void AddTo(Command command)
    {
        foreach (var option in new[] { include, includeAnyCase, exclude, excludeAnyCase })
        {
            command.Options.Add(option);
        }
    }

    public IReadOnlyList<PathPatterns> Include(ParseResult parsed) => Read(parsed, include, includeAnyCase);

    public IReadOnlyList<PathPatterns> Exclude(ParseResult parsed) => Read(parsed, exclude, excludeAnyCase);

    private static PathPatterns[] Read(ParseResult parsed, Option<string[]> exact, Option<string[]> anyCase) =>
        [new(parsed.GetValue(exact) ?? []), new(parsed.GetValue(anyCase) ?? [], ignoreCase: true)];
}
