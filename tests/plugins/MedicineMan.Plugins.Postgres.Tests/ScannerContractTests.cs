using MedicineMan.Plugins.Postgres.Scanning;
using MedicineMan.Sdk.Scanning;
using MedicineMan.Sdk.Testing.Scanning;

namespace MedicineMan.Plugins.Postgres.Tests;

/// Holds the scanner to what every scanner must do.
public sealed class ScannerContractTests : ScannerContract
{
    protected override IScanner Scanner { get; } = new PostgresScanner();

    protected override IReadOnlyDictionary<string, string> Sample { get; } = new Dictionary<string, string>
    {
        ["pgprocesses"] = "process\tpostgres\t0::/system.slice/system-postgresql.slice/postgresql@15-main.service\t/usr/lib/postgresql/15/bin/postgres\t-D\t/var/lib/postgresql/15/main\t-c\tconfig_file=/etc/postgresql/15/main/postgresql.conf\t\n",
        ["pgconfigurations"] = "conf\t/etc/postgresql/15/main/postgresql.conf\ndata_directory = '/var/lib/postgresql/15/main'\nport = 5433\nunix_socket_directories = '/var/run/postgresql'\n",
        ["pgdatabases"] = "socket\tpostgres\t/var/run/postgresql/.s.PGSQL.5433\nanswer\t{\"version\": \"15.9\", \"dataDirectory\": \"/var/lib/postgresql/15/main\", \"databases\": [{\"name\": \"shop\", \"bytes\": 12}]}\n",
        ["pgprograms"] = "/usr/lib/postgresql/15/bin/postgres\tpostgres (PostgreSQL) 15.6 (Debian 15.6-0+deb12u1)\n",
    };
}
