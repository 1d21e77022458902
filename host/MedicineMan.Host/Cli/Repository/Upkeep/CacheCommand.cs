using System.CommandLine;
using System.Globalization;
using MedicineMan.Repository.Caching;

namespace MedicineMan.Host.Cli.Repository.Upkeep;

internal static class CacheCommand
{
    public static Command Create(RepositoryAccess access)
    {
        var cleanup = new Option<bool>("--cleanup") { Description = "Removes caches that were not used for a while." };
        var days = new Option<int>("--max-age") { Description = "How many days that is.", DefaultValueFactory = _ => 30 };
        var dryRun = new Option<bool>("--dry-run", "-n") { Description = "Says what would be removed, and removes nothing." };
        var command = new Command("cache", "Lists the caches of repositories on this machine, the longest unused first.") { cleanup, days, dryRun };
        command.SetAction((parsed, cancel) => access.OnNone((folder, answer) =>
        {
            var removes = parsed.GetValue(cleanup);
            var since = TimeProvider.System.GetUtcNow().AddDays(-Math.Max(0, parsed.GetValue(days)));
            var caches = removes ? RepositoryCaches.RemoveUnusedSince(folder, since, parsed.GetValue(dryRun)) : RepositoryCaches.List(folder);
            foreach (var cache in caches)
            {
                answer.Say(
                    $"{(removes ? parsed.GetValue(dryRun) ? "would remove " : "removed " : "")}{cache.Repository[..8]}  {cache.LastUsed.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)}  {Answer.Size(cache.Bytes)}",
                    new { cache.Repository, cache.LastUsed, cache.Bytes, removed = removes && !parsed.GetValue(dryRun) });
            }

            if (caches.Count == 0 && !answer.IsJson)
            {
                answer.Warn(removes ? $"No caches in {folder} that were unused for so long." : $"No caches in {folder}.");
            }

            return 0;
        })(parsed, cancel));
        return command;
    }
}
