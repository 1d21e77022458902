using System.Text.Json;
using MedicineMan.Sdk;
using MedicineMan.Sdk.Secrets;
using MedicineMan.Sdk.Testing.Lent;
using MedicineMan.Testbed;

namespace MedicineMan.Plugins.Sftp.Tests;

public sealed class SettingsTests : IDisposable
{
    private readonly TemporaryFolder folder = new("keys");
    private readonly MemorySecrets secrets = new();

    [Fact]
    public async Task Every_mistake_in_the_settings_is_named_at_once()
    {
        var refused = await Refused(new { host = "ssh://x", port = 70000, path = "relative", hostKey = "MD5:aa" });
        foreach (var part in new[] { "The host must", "The user to sign in as", "The folder must be an absolute path", "The port must", "The host key must be a fingerprint", "A private key or a password is missing" })
        {
            Assert.Contains(part, refused, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/srv/../etc")]
    [InlineData("srv")]
    [InlineData("/srv/a\nb")]
    public async Task A_folder_that_is_no_place_for_a_repository_is_refused(string path) =>
        Assert.Equal("The folder must be an absolute path on the server, for instance /srv/backups/medicineman.", await Refused(new { host = "h", user = "u", path, password = Secret("x") }));

    [Fact]
    public async Task A_key_and_a_password_are_one_too_many() =>
        Assert.Contains("Leave one of them empty", await Refused(new { host = "h", user = "u", path = "/srv/x", password = Secret("x"), privateKey = Secret(NewKey("")) }), StringComparison.Ordinal);

    [Fact]
    public async Task A_key_with_a_passphrase_needs_it()
    {
        var key = Secret(NewKey("a passphrase"));
        Assert.Contains("protected by a passphrase", await Refused(new { host = "h", user = "u", path = "/srv/x", privateKey = key }), StringComparison.Ordinal);
        Assert.Contains("the passphrase is wrong", await Refused(new { host = "h", user = "u", path = "/srv/x", privateKey = key, passphrase = Secret("another") }), StringComparison.Ordinal);
        Assert.True((await Read(new { host = "h", user = "u", path = "/srv/x", privateKey = key, passphrase = Secret("a passphrase") })).UsesKey);
        Assert.Contains("The private key cannot be read", await Refused(new { host = "h", user = "u", path = "/srv/x", privateKey = Secret("no key") }), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_whose_lines_a_browser_has_joined_is_read_all_the_same()
    {
        var key = NewKey("");
        foreach (var joined in new[] { key.Replace("\n", "", StringComparison.Ordinal), key.Replace('\n', ' '), key.Replace("\n", "\r\n", StringComparison.Ordinal) })
        {
            Assert.True((await Read(new { host = "h", user = "u", path = "/srv/x", privateKey = Secret(joined) })).UsesKey);
        }
    }

    [Theory]
    [InlineData("example.org", 22, "/srv//x/", "sftp://u@example.org//srv/x")]
    [InlineData("::1", 2222, "/srv/x", "sftp://u@[::1]:2222//srv/x")]
    public async Task A_location_is_the_address_that_the_command_line_takes(string host, int port, string path, string location) =>
        Assert.Equal(location, (await Read(new { host, port, user = "u", path, password = Secret("x") })).Location);

    public void Dispose() => folder.Dispose();

    private string Secret(string value) => secrets.Add(value).Id;

    private string NewKey(string passphrase)
    {
        var file = folder[Guid.NewGuid().ToString("N")];
        Programs.Run("/usr/bin/ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-f", file]);
        return File.ReadAllText(file);
    }

    private ValueTask<SftpSettings> Read(object settings) => SftpSettings.Read(JsonSerializer.SerializeToElement(settings), secrets, default);

    private async Task<string> Refused(object settings)
    {
        var refused = await Assert.ThrowsAsync<UserFacingException>(async () => await Read(settings));
        Assert.True(refused.Permanent);
        return refused.Message;
    }
}
