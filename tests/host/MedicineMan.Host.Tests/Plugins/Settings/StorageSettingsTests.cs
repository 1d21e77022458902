using System.Net;
using System.Text.Json.Nodes;
using MedicineMan.Host.Access;
using MedicineMan.Host.Backups.Repositories;
using MedicineMan.Host.Organizations;
using MedicineMan.Host.Tests.Api;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Plugins.Settings;

/// A repository's settings are asked for by the form of the storage's plugin.
public sealed class StorageSettingsTests
{
    [SkippableTheory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task The_form_of_the_chosen_storage_is_drawn_checked_and_stored_without_its_secret(string database)
    {
        await using var adjustable = await Adjustable.Start(database);
        var page = await adjustable.Owner.Get("/backups/repositories/new?kind=cellar");
        Assert.NotNull(page.Page.GetElementById("Settings_bucket"));
        Assert.Null(page.Page.GetElementById("Settings_path"));
        Assert.Equal("page", page.Page.QuerySelector("a[href='?kind=cellar']")!.GetAttribute("aria-current"));

        var wrong = await adjustable.Owner.Post("/backups/repositories/new", page.Token, ("Kind", "cellar"), ("Name", "Deep"), ("Settings.bucket", "NO"));
        Assert.Contains("Bucket does not have the form", wrong.Text, StringComparison.Ordinal);
        Assert.Contains("Access key is missing", wrong.Text, StringComparison.Ordinal);
        Assert.Equal("Deep", wrong.Page.GetElementById("Name")!.GetAttribute("value"));

        var made = await adjustable.Owner.Post("/backups/repositories/new", page.Token, ("Kind", "cellar"), ("Name", "Deep"), ("Settings.bucket", "deep"), ("Settings.key", "sesame"));
        var row = await adjustable.Host.Get<RepositoryStore>().Get(OrganizationId.Default, made.Location!.Split('/')[^1], default);
        Assert.Equal(("cellar", "deep north"), (row.Kind, row.Place));
        var handle = Assert.Single(row.Handles);
        Assert.Equal(("sesame", handle), (await adjustable.Opened(handle), (string?)JsonNode.Parse(row.Settings)!["key"]));
        var shown = await adjustable.Owner.Get(made.Location!);
        Assert.DoesNotContain("sesame", shown.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(handle, shown.Body, StringComparison.Ordinal);

        await adjustable.Owner.Send($"{made.Location}?handler=Remove");
        Assert.Empty(await adjustable.Secrets());
    }

    [Fact]
    public async Task The_local_storage_asks_for_an_absolute_folder()
    {
        await using var host = await TestHost.Start();
        var owner = await host.Owner();
        var page = await owner.Get("/backups/repositories/new");
        Assert.EndsWith("/repository", page.Page.GetElementById("Settings_path")!.GetAttribute("value"), StringComparison.Ordinal);

        var wrong = await owner.Send("/backups/repositories/new", ("Kind", "local"), ("Name", "Here"), ("Settings.path", "not/absolute"));
        Assert.Contains("Folder must be an absolute path", wrong.Text, StringComparison.Ordinal);
        var made = await owner.Send("/backups/repositories/new", ("Kind", "local"), ("Name", "Here"), ("Settings.path", host.Data + "/there"));
        Assert.Equal(HttpStatusCode.Redirect, made.Status);
        Assert.Equal(host.Data + "/there", (await host.Get<RepositoryStore>().Get(OrganizationId.Default, made.Location!.Split('/')[^1], default)).Place);
    }

    [Fact]
    public async Task A_repository_on_an_SFTP_server_is_made_from_the_form_s_settings()
    {
        await using var server = await SshServer.Start();
        await using var host = await TestHost.Start();
        var owner = await host.Owner();
        var page = await owner.Get("/backups/repositories/new?kind=sftp");
        Assert.Equal("22", page.Page.GetElementById("Settings_port")!.GetAttribute("value"));
        Assert.Equal("password", page.Page.GetElementById("Settings_privateKey")!.GetAttribute("type"));

        using var admin = await ApiCaller.As(host, Role.Admin);
        var wrong = await admin.Post("repositories", new { name = "Away", kind = "sftp", settings = new { host = "ssh://x", port = 0, path = "relative", hostKey = "MD5:x" } });
        Assert.Equal(["settings.host", "settings.hostKey", "settings.path", "settings.port", "settings.user"], wrong.Json.GetProperty("errors").EnumerateObject().Select(error => error.Name).Order(StringComparer.Ordinal));

        var path = host.Data + "/away";
        var settings = new { host = "127.0.0.1", port = server.Port, user = SshServer.KeyUser, path, hostKey = server.Fingerprint, privateKey = server.PrivateKey.Replace("\n", " ", StringComparison.Ordinal) };
        var made = await admin.Post("repositories", new { name = "Away", kind = "sftp", settings });
        Assert.Equal(201, made.Status);
        var id = made.Json.GetProperty("id").GetString()!;
        await host.Get<OpenRepositories>().Open(OrganizationId.Default, id, default);
        Assert.Equal(RepositoryState.Ready, (await host.Get<RepositoryStore>().Get(OrganizationId.Default, id, default)).State);
        Assert.True(File.Exists(path + "/config"));
        Assert.DoesNotContain("PRIVATE KEY", (await admin.Get($"repositories/{id}")).Content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_s_settings_are_held_against_the_same_form()
    {
        await using var adjustable = await Adjustable.Start();
        using var admin = await ApiCaller.As(adjustable.Host, Role.Admin);

        var wrong = await admin.Post("repositories", new { name = "Deep", kind = "cellar", settings = new { bucket = 7, path = "/x" } });
        Assert.Equal(["settings.bucket", "settings.key", "settings.path"], wrong.Json.GetProperty("errors").EnumerateObject().Select(error => error.Name).Order(StringComparer.Ordinal));
        var made = await admin.Post("repositories", new { name = "Deep", kind = "cellar", settings = new { bucket = "deep", key = "sesame" } });
        Assert.Equal((201, "deep north"), (made.Status, made.Json.GetProperty("place").GetString()));
        Assert.DoesNotContain("sesame", made.Content, StringComparison.Ordinal);
        Assert.Equal(400, (await admin.Post("repositories", new { name = "x", kind = "local", settings = new { path = "relative" } })).Status);
        Assert.Contains("offers the storage", (await admin.Post("repositories", new { name = "x", kind = "attic", settings = new { } })).Detail, StringComparison.Ordinal);
    }
}
