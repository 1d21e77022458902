using MedicineMan.Host.People;
using MedicineMan.Host.Setup;
using MedicineMan.Host.Tests.Data;
using MedicineMan.Testbed;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace MedicineMan.Host.Tests;

/// The real host, in this process, on a free port, with a data directory of the test's own.
internal sealed class TestHost : IAsyncDisposable
{
    public const string OwnerEmail = "owner@example.org";
    public const string OwnerPassword = "a long enough password";

    private readonly TemporaryFolder folder;
    private readonly List<TestBrowser> browsers = [];

    private TestDatabase? database;

    private TestHost(WebApplication app, TemporaryFolder folder)
    {
        (App, this.folder) = (app, folder);
        Url = new Uri(app.Urls.First());
    }

    public WebApplication App { get; }

    public Uri Url { get; }

    public string Data => folder["data"];

    /// <param name="database">A PostgreSQL connection string; SQLite in the data directory when null.</param>
    public static async Task<TestHost> Start(string? database = null)
    {
        var folder = new TemporaryFolder("host");
        var app = await HostComposition.Start(new HostSettings { Data = folder["data"], Database = database, Urls = "http://127.0.0.1:0" }, CancellationToken.None);
        return new TestHost(app, folder);
    }

    /// The host on a database of its own in a real PostgreSQL.
    public static async Task<TestHost> OnPostgres()
    {
        var database = await TestDatabase.Postgres();
        var host = await Start(database.ConnectionString);
        host.database = database;
        return host;
    }

    public T Get<T>()
        where T : notnull => App.Services.GetRequiredService<T>();

    /// A browser that nobody signed in with.
    public TestBrowser Stranger()
    {
        var browser = new TestBrowser(Url);
        browsers.Add(browser);
        return browser;
    }

    /// A browser signed in as the owner; the first call makes the owner, as setup does.
    public async Task<TestBrowser> Owner()
    {
        if (!await Get<SetupState>().HasOwner(CancellationToken.None))
        {
            var token = await Get<SetupToken>().Issue(CancellationToken.None);
            await using var scope = App.Services.CreateAsyncScope();
            await scope.ServiceProvider.GetRequiredService<FirstAdministrator>().Create(token!, "Olive Owner", OwnerEmail, OwnerPassword, null, CancellationToken.None);
        }

        return await SignedIn(OwnerEmail, OwnerPassword);
    }

    /// A browser signed in as a new member with this role.
    public async Task<TestBrowser> Member(Host.Access.Role role)
    {
        var email = $"{role}-{Guid.NewGuid():N}@example.org";
        await using var scope = App.Services.CreateAsyncScope();
        var identity = scope.ServiceProvider.GetRequiredService<Microsoft.AspNetCore.Identity.UserManager<Person>>();
        var person = new Person { Email = email, NormalizedEmail = identity.NormalizeEmail(email), Name = $"A {role}", SecurityStamp = Guid.NewGuid().ToString("N") };
        person.PasswordHash = identity.PasswordHasher.HashPassword(person, OwnerPassword);
        await Get<PersonStore>().Add(person, role, CancellationToken.None);
        return await SignedIn(email, OwnerPassword);
    }

    public async ValueTask DisposeAsync()
    {
        browsers.ForEach(browser => browser.Dispose());
        await App.StopAsync();
        await App.DisposeAsync();
        if (database is not null)
        {
            await database.DisposeAsync();
        }

        folder.Dispose();
    }

    private async Task<TestBrowser> SignedIn(string email, string password)
    {
        var browser = Stranger();
        var answer = await browser.Send("/sign-in", ("Email", email), ("Password", password));
        Assert.Equal("/", answer.Location);
        return browser;
    }
}
