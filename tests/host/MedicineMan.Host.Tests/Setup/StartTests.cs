using System.Net;
using System.Net.Sockets;
using Dapper;
using MedicineMan.Testbed;
using Microsoft.Data.Sqlite;

namespace MedicineMan.Host.Tests.Setup;

/// The built program, started as a process, in every state that keeps it from starting: one sentence, exit code 1, nothing damaged.
public sealed class StartTests : IDisposable
{
    private readonly TemporaryFolder folder = new("start", readableByAll: true);

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_first_start_makes_a_private_data_directory_and_prints_where_to_go()
    {
        await using var program = await HostProcess.Start(folder["data"]);
        Assert.Contains("Medicine Man 0.", program.Output, StringComparison.Ordinal);
        Assert.Contains(folder["data"], program.Output, StringComparison.Ordinal);
        Assert.Contains("/setup?token=", program.Output, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder["data"]));
        using var client = new HttpClient();
        using var page = await client.GetAsync(new Uri(program.SetupLink));
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Equal("", program.Error);
    }

    [Fact]
    public async Task A_taken_port_is_one_sentence_and_leaves_the_first_token_valid()
    {
        await using var first = await HostProcess.Start(folder["data"]);
        var (code, error) = await HostProcess.Fail("--data", folder["data"], "--urls", first.Url);
        OneSentence(code, error, "the port is taken");
        using var browser = new TestBrowser(new Uri(first.Url));
        var made = await browser.Send("/setup", ("Token", first.SetupLink.Split('=')[1]), ("Name", "Ada"), ("Email", "ada@example.org"), ("Password", "a long enough password"));
        Assert.Equal("/setup/recovery-kit", made.Location);
    }

    [Fact]
    public async Task A_data_directory_that_is_a_file_is_one_sentence()
    {
        await File.WriteAllTextAsync(folder["file"], "precious");
        var (code, error) = await HostProcess.Fail("--data", folder["file"]);
        OneSentence(code, error, "cannot be written");
        Assert.Equal("precious", await File.ReadAllTextAsync(folder["file"]));
    }

    [SkippableFact]
    public async Task A_data_directory_of_somebody_else_is_one_sentence()
    {
        Skip.IfNot(Programs.IsRoot, "Only root can run the program as another user.");
        Directory.CreateDirectory(folder["theirs"], UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        var (code, error) = await HostProcess.FailAs("nobody", "--data", folder["theirs"]);
        OneSentence(code, error, "cannot be written");
        Assert.Empty(Directory.GetFileSystemEntries(folder["theirs"]));
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_one_sentence_and_stays_as_it_is()
    {
        await (await HostProcess.Start(folder["data"])).DisposeAsync();
        await Sql("insert into schema_migrations (name, checksum, applied_at) values ('Future/0099_x', 'y', 0)");
        var (code, error) = await HostProcess.Fail("--data", folder["data"]);
        OneSentence(code, error, "newer Medicine Man");
        await Sql("delete from schema_migrations where name = 'Future/0099_x'");
        await using var again = await HostProcess.Start(folder["data"]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("not a key")]
    public async Task A_master_key_that_does_not_fit_is_one_sentence_and_nothing_is_generated(string? key)
    {
        await (await HostProcess.Start(folder["data"])).DisposeAsync();
        var file = Path.Combine(folder["data"], "master.key");
        var right = await File.ReadAllTextAsync(file);
        if (key is null)
        {
            File.Delete(file);
        }
        else
        {
            await File.WriteAllTextAsync(file, key);
        }

        var (code, error) = await HostProcess.Fail("--data", folder["data"]);
        OneSentence(code, error, "master key");
        Assert.Equal(key, File.Exists(file) ? await File.ReadAllTextAsync(file) : null);
        await File.WriteAllTextAsync(file, right);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using var again = await HostProcess.Start(folder["data"]);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_one_sentence_and_stays_as_it_is()
    {
        Directory.CreateDirectory(folder["data"]);
        var text = string.Concat(Enumerable.Repeat("not a database ", 500));
        await File.WriteAllTextAsync(Path.Combine(folder["data"], "medicineman.db"), text);
        var (code, error) = await HostProcess.Fail("--data", folder["data"]);
        OneSentence(code, error, "database cannot be opened");
        Assert.Equal(text, await File.ReadAllTextAsync(Path.Combine(folder["data"], "medicineman.db")));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("ftp://127.0.0.1:1")]
    [InlineData("http://192.0.2.1:5080")]
    public async Task An_address_it_cannot_listen_on_is_one_sentence(string url)
    {
        var (code, error) = await HostProcess.Fail("--data", folder["data"], "--urls", url);
        OneSentence(code, error, "Cannot listen on");
    }

    [Fact]
    public async Task A_database_server_that_is_not_there_is_one_sentence()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        var (code, error) = await HostProcess.Fail("--data", folder["data"], "--database", $"postgres://somebody:sesame@127.0.0.1:{port}/none");
        OneSentence(code, error, "database cannot be opened");
        Assert.DoesNotContain("sesame", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_stops_in_order_when_asked()
    {
        var program = await HostProcess.Start(folder["data"]);
        Assert.Equal(0, await program.Terminate());
    }

    private async Task Sql(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(folder["data"], "medicineman.db")};Pooling=false");
        await connection.ExecuteAsync(sql);
    }

    private static void OneSentence(int code, string error, string says)
    {
        Assert.Contains(says, error, StringComparison.Ordinal);
        Assert.Equal(1, code);
        Assert.Single(error.Trim().Split('\n'));
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }
}
