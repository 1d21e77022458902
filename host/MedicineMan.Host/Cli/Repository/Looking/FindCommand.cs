using System.CommandLine;
using System.Globalization;
using MedicineMan.Repository.Looking;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Cli.Repository.Looking;

internal static class FindCommand
{
    public static Command Create(RepositoryAccess access)
    {
        var patterns = new Argument<string[]>("pattern") { Description = "Names or paths with *, ?, [...] and **; from the root when they start with /.", Arity = ArgumentArity.OneOrMore };
        var ignoreCase = new Option<bool>("--ignore-case", "-i") { Description = "Takes large and small letters for the same." };
        var oldest = new Option<string?>("--oldest") { Description = "Only what was changed at or after this time, for instance 2026-05-01." };
        var newest = new Option<string?>("--newest") { Description = "Only what was changed at or before this time." };
        var command = new Command("find", "Finds files and folders in snapshots, newest snapshot first.") { patterns, ignoreCase, oldest, newest };
        var choice = new SnapshotChoice().AddTo(command);
        command.SetAction((parsed, cancel) => access.On(async (repository, answer, token) =>
        {
            var options = new FindOptions
            {
                Patterns = parsed.GetRequiredValue(patterns), IgnoreCase = parsed.GetValue(ignoreCase),
                Oldest = Time(parsed.GetValue(oldest)) ?? DateTimeOffset.MinValue, Newest = Time(parsed.GetValue(newest)) ?? DateTimeOffset.MaxValue,
            };
            var found = 0;
            await foreach (var (snapshot, path, node) in repository.View.Find(options, choice.Filter(parsed), token))
            {
                found++;
                answer.Say(
                    Answer.Printable($"{snapshot.Id.Prefix}  {node.Size,14}  {node.Modified.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)}  {path}"),
                    new { snapshot = snapshot.Id.ToString(), path, node });
            }

            if (found == 0)
            {
                answer.Warn("Nothing found.");
            }

            return 0;
        })(parsed, cancel));
        return command;
    }

    public static DateTimeOffset? Time(string? text) =>
        text is null ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var time) ? time
        : throw new UserFacingException($"\"{text}\" is no time. Write for instance 2026-05-01 or 2026-05-01T14:30.");
}
