using System.Diagnostics;
using MedicineMan.Plugins.Postgres.Scanning;
using MedicineMan.Sdk.Scanning;
using MedicineMan.Testbed;

namespace MedicineMan.Plugins.Postgres.Tests;

public sealed class ScannerTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private readonly PostgresScanner scanner = new();

    [SkippableTheory]
    [InlineData("dash")]
    [InlineData("busybox")]
    public async Task A_private_cluster_is_found_with_its_databases(string shell)
    {
        Skip.IfNot(Programs.IsRoot, "Only root or the owner may ask the server.");
        Programs.Require(shell);
        await postgres.Create($"odd \"name\"\n{shell}", "select 1");
        var watch = Stopwatch.StartNew();
        var report = await scanner.ReadAsync(Script.Run(shell, scanner.Sections), default);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(15), $"{watch.Elapsed}");

        var found = Assert.Single(report.Services, s => s.Identity == postgres.Server.DataDirectory);
        Assert.Equal((postgres.Server.Port, postgres.Server.SocketDirectory, postgres.Server.DataDirectory, "postgres", true),
            (found.Port, found.SocketDirectory, found.DataDirectory, found.RunsAs, found.Running));
        Assert.StartsWith("15.", found.Version, StringComparison.Ordinal);
        Assert.Contains(found.Stores, s => s.Name == $"odd \"name\"\n{shell}" && s.Bytes > 1_000_000);
        Assert.True(found.Confidence > 0.98, $"{found.Confidence}");
    }

    [Fact]
    public async Task A_cluster_of_Debian_is_joined_from_process_configuration_and_socket()
    {
        var report = await Read(
            ("pgprocesses", "process\tpostgres\t0::/system.slice/system-postgresql.slice/postgresql@15-main.service\t/usr/lib/postgresql/15/bin/postgres\t-D\t/var/lib/postgresql/15/main\t-c\tconfig_file=/etc/postgresql/15/main/postgresql.conf\t\n"),
            ("pgconfigurations", "conf\t/etc/postgresql/15/main/postgresql.conf\ndata_directory = '/var/lib/postgresql/15/main'\t# use data in another\nport = 5433\t\t\t# (change requires restart)\nunix_socket_directories = '/var/run/postgresql'\nconf\t/etc/postgresql/13/old/postgresql.conf\nport=5432\ndata_directory='/srv/pg 13'\n"),
            ("pgdatabases", "socket\tpostgres\t/var/run/postgresql/.s.PGSQL.5433\n"),
            ("pgprograms", "/usr/lib/postgresql/15/bin/postgres\tpostgres (PostgreSQL) 15.6 (Debian 15.6-0+deb12u1)\n/usr/lib/postgresql/16/bin/postgres\tpostgres (PostgreSQL) 16.2\n"));
        var running = report.Services.Single(s => s.Running);
        Assert.Equal(("/var/lib/postgresql/15/main", "PostgreSQL 15 main", "15.6", 5433, "/var/run/postgresql"),
            (running.Identity, running.Title, running.Version, running.Port, running.SocketDirectory));
        Assert.True(running.Confidence > 0.95);
        var stopped = report.Services.Single(s => s.DataDirectory == "/srv/pg 13");
        Assert.True(stopped.Confidence < 0.6);
        Assert.Equal("16.2", report.Services.Single(s => s.Identity == "/usr/lib/postgresql/16/bin/postgres").Version);
        Assert.Equal(3, report.Services.Count);
    }

    [Fact]
    public async Task Several_clusters_stay_apart_and_options_are_read_in_every_form()
    {
        var report = await Read(
            ("pgprocesses", "process\tpgsql\t/\tpostgres\t-D/data/a b/\t-p\t6000\t-k\t/tmp/a\nprocess\tx\t/\t/opt/postgres\t--port=6001\t-D\t/data/b\t-c\tunix_socket_directories=/tmp/b, /tmp/c\nmajor\t14\n"),
            ("pgdatabases", "socket\tx\t/tmp/b/.s.PGSQL.6001\nanswer\t{\"version\": \"14.9\", \"dataDirectory\": \"/data/b\", \"databases\": [{\"name\": \"shop\", \"bytes\": 12}, {\"name\": \"hidden\", \"bytes\": null}]}\nsocket\t\t/tmp/a/.s.PGSQL.6000\nanswer\t{\"version\": \"15"));
        Assert.Equal(["/data/a b", "/data/b"], report.Services.Select(s => s.Identity));
        Assert.Equal((6000, "/tmp/a", null), (report.Services[0].Port, report.Services[0].SocketDirectory, report.Services[0].Version));
        Assert.Equal([new DataStore("shop", 12), new DataStore("hidden", null)], report.Services[1].Stores);
    }

    private async Task<ScanReport> Read(params (string Name, string Text)[] sections) =>
        await scanner.ReadAsync(new ScanOutput(sections.ToDictionary(s => s.Name, s => s.Text), complete: true), default);
}
