using Dapper;
using MedicineMan.EndToEnd.Tests.Fixtures;
using MedicineMan.Testbed;
using Microsoft.Data.Sqlite;

namespace MedicineMan.EndToEnd.Tests;

/// Recognisable passwords go through everything the product does and must come out nowhere.
public sealed class CanaryTests
{
    private const string DatabasePassword = "canary-database-5d1f";
    private const string RepositoryPassword = "canary-repository-93ab";

    [SkippableFact]
    public async Task No_password_appears_in_logs_databases_processes_or_answers()
    {
        Skip.IfNot(Programs.IsRoot, "Needs a user with a password, and a look at every process.");
        await using var clinic = await Clinic.Open();
        await using var ssh = await SshServer.Start();
        string[] canaries = [ssh.Password, DatabasePassword, RepositoryPassword];
        clinic.Operator.Answers = [];
        await clinic.Rows("shop", 20);
        await clinic.Postgres.Execute($"create role keeper superuser login password '{DatabasePassword}'");
        var shelf = await clinic.Shelf("shelf", RepositoryPassword);

        await using (var watch = new ProcessWatch(canaries))
        {
            await Work(clinic, ssh, shelf);
            Assert.InRange(watch.Samples, 10, int.MaxValue);
            Assert.Empty(watch.Seen);
        }

        // A running host keeps files locked.
        await clinic.Host.Kill();
        foreach (var canary in canaries)
        {
            Assert.DoesNotContain(clinic.Operator.Answers, answer => answer.Contains(canary, StringComparison.Ordinal));
            Assert.DoesNotContain(canary, clinic.Host.Said, StringComparison.Ordinal);
            Assert.Empty(await Rows(clinic.Data, canary));
            Assert.Empty(Files(clinic.Data, canary));
        }
    }

    private static async Task Work(Clinic clinic, SshServer ssh, Shelf shelf)
    {
        var api = clinic.Operator;
        var server = Clinic.Id(await api.Post("servers", new { name = "canary", address = "127.0.0.1", port = ssh.Port, userName = ssh.PasswordUser, password = ssh.Password }));
        var asked = (await api.Test(server))[^1];
        await api.Put($"servers/{server}/host-key", new { fingerprint = ssh.Fingerprint });
        Assert.All(await api.Test(server), step => Assert.Equal("passed", Clinic.Text(step, "state")));
        await clinic.JobEnded(Clinic.Id(await api.Post($"servers/{server}/scans")));
        var plan = await clinic.Plan(server, shelf, "shop", DatabasePassword, "keeper");
        var run = await clinic.BackUp(plan);
        await clinic.Proven(run);
        var restore = await api.Post("restores", new { backupId = Clinic.Id(run), item = "shop", serverId = server, target = "shop_again", userName = "keeper", password = DatabasePassword, host = "127.0.0.1", port = clinic.Postgres.Port });
        var restored = await api.Until($"restores/{Clinic.Id(restore)}", row => row["final"]!.GetValue<bool>());
        Assert.Equal("done", Clinic.Text(restored, "state"));

        // And what goes wrong must be no more talkative.
        await clinic.Postgres.Execute("alter role keeper password 'another'");
        Assert.Equal("failed", Clinic.Text(await clinic.BackUp(plan), "state"));
        foreach (var job in (await api.Get("jobs"))["items"]!.AsArray())
        {
            await api.Get($"jobs/{Clinic.Id(job!)}");
            await api.Get($"jobs/{Clinic.Id(job!)}/log");
            await api.Page($"/jobs/{Clinic.Id(job!)}");
        }

        foreach (var page in new[] { "/", "/servers", $"/servers/{server}", $"/servers/{server}/edit", "/backups", $"/backups/plans/{plan}", $"/backups/plans/{plan}/edit", $"/backups/runs/{Clinic.Id(run)}", $"/backups/restores/{Clinic.Id(restore)}", $"/backups/repositories/{shelf.Id}" })
        {
            await api.Page(page);
        }
    }

    /// Tables in which a word stands.
    private static async Task<IReadOnlyList<string>> Rows(string data, string word)
    {
        await using var database = new SqliteConnection($"Data Source={Path.Combine(data, "medicineman.db")};Mode=ReadOnly;Pooling=false");
        var found = new List<string>();
        var tables = (await database.QueryAsync<string>("select name from sqlite_master where type = 'table'")).AsList();
        Assert.Contains("servers", tables);
        foreach (var table in tables)
        {
            foreach (IDictionary<string, object?> row in await database.QueryAsync($"select * from \"{table}\""))
            {
                found.AddRange(row.Where(cell => Text(cell.Value).Contains(word, StringComparison.Ordinal)).Select(cell => $"{table}.{cell.Key}"));
            }
        }

        return found;
    }

    private static string Text(object? value) => value is byte[] bytes ? System.Text.Encoding.Latin1.GetString(bytes) : Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture) ?? "";

    private static IReadOnlyList<string> Files(string data, string word)
    {
        var all = Directory.GetFiles(data, "*", SearchOption.AllDirectories);
        Assert.Contains(all, file => file.Contains("log", StringComparison.Ordinal));
        return [.. all.Where(file => Read(file).Contains(word, StringComparison.Ordinal))];
    }

    private static string Read(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream, System.Text.Encoding.Latin1);
        return reader.ReadToEnd();
    }
}
