using MedicineMan.Host.Cli.Repository.Sftp;
using MedicineMan.Sdk;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Cli.Repository;

/// Addresses of SFTP repositories, and what known_hosts says about their servers.
public sealed class SftpAddressTests : IDisposable
{
    private readonly TemporaryFolder folder = new("hosts");

    [Theory]
    [InlineData("sftp://ada@example.org:2222//srv/backups", "ada", "example.org", 2222, "/srv/backups")]
    [InlineData("sftp://ada@example.org//srv/backups", "ada", "example.org", 22, "/srv/backups")]
    [InlineData("sftp://ada@corp@[2001:db8::1]:2222//srv", "ada@corp", "2001:db8::1", 2222, "/srv")]
    [InlineData("sftp:ada@example.org:/srv/backups", "ada", "example.org", 22, "/srv/backups")]
    [InlineData("sftp:ada@[2001:db8::1]:/srv/a:b@c", "ada", "2001:db8::1", 22, "/srv/a:b@c")]
    public void Both_of_restic_s_forms_are_read(string place, string user, string host, int port, string path)
    {
        Assert.True(SftpPlace.IsOne(place));
        Assert.Equal(new SftpPlace(user, host, port, path), SftpPlace.Parse(place));
    }

    [Fact]
    public void Without_a_user_it_is_who_runs_the_command() => Assert.Equal(Environment.UserName, SftpPlace.Parse("sftp:example.org:/srv").User);

    [Theory]
    [InlineData("sftp://ada@example.org/relative", "no absolute folder")]
    [InlineData("sftp:ada@example.org:relative", "no absolute folder")]
    [InlineData("sftp:ada@example.org", "no absolute folder")]
    [InlineData("sftp:ada@example.org/srv", "no absolute folder")]
    [InlineData("sftp://ada@example.org:port//srv", "no address")]
    [InlineData("sftp://ada@example.org:70000//srv", "no address")]
    [InlineData("sftp://@example.org//srv", "no address")]
    [InlineData("sftp:ada@example.org:22:/srv", "no address")]
    public void What_is_no_address_is_refused_with_an_example(string place, string part)
    {
        var refused = Assert.Throws<UserFacingException>(() => SftpPlace.Parse(place)).Message;
        Assert.Contains(part, refused, StringComparison.Ordinal);
        Assert.Contains("sftp://user@host:port//srv/backups", refused, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sftp://ada:swordfish@example.org//srv")]
    [InlineData("sftp:ada:swordfish@example.org:/srv")]
    public void A_password_in_an_address_is_refused_and_not_repeated(string place)
    {
        var refused = Assert.Throws<UserFacingException>(() => SftpPlace.Parse(place)).Message;
        Assert.Contains("--sftp-password-file", refused, StringComparison.Ordinal);
        Assert.DoesNotContain("swordfish", refused, StringComparison.Ordinal);
    }

    [Fact]
    public void Known_hosts_are_found_by_name_by_pattern_by_port_and_by_hash()
    {
        var (one, two, three, four, five) = (NewKey(), NewKey(), NewKey(), NewKey(), NewKey());
        // Hashed by the program that writes such files.
        File.WriteAllLines(folder["known_hosts"], [$"hidden.example.com {four.Public}", $"[hidden.example.com]:2200 {five.Public}"]);
        Programs.Run("/usr/bin/ssh-keygen", ["-q", "-H", "-f", folder["known_hosts"]]);
        Assert.DoesNotContain("hidden", File.ReadAllText(folder["known_hosts"]), StringComparison.Ordinal);
        File.AppendAllLines(folder["known_hosts"],
        [
            "# a comment", "", "broken", $"example.org,192.0.2.1 {one.Public} a comment", $"*.example.net,!bad.example.net {two.Public}", $"[example.org]:2222 {three.Public}",
            "example.org ssh-ed25519 no-base-64!", $"@cert-authority * {five.Public}",
        ]);

        Assert.Equal([one.Fingerprint], Known("example.org", 22).Trusted);
        Assert.Equal([one.Fingerprint], Known("192.0.2.1", 22).Trusted);
        Assert.Equal([three.Fingerprint], Known("Example.ORG", 2222).Trusted);
        Assert.Equal([two.Fingerprint], Known("a.example.net", 22).Trusted);
        Assert.Empty(Known("bad.example.net", 22).Trusted);
        Assert.Empty(Known("example.net", 22).Trusted);
        Assert.Empty(Known("exampleXorg", 22).Trusted);
        Assert.Equal([four.Fingerprint], Known("hidden.example.com", 22).Trusted);
        Assert.Equal([five.Fingerprint], Known("hidden.example.com", 2200).Trusted);
        Assert.Empty(Known("hidden.example.com", 2201).Trusted);
    }

    [Fact]
    public void A_revoked_key_is_trusted_in_no_line()
    {
        var (good, bad) = (NewKey(), NewKey());
        File.WriteAllLines(folder["known_hosts"], [$"example.org {bad.Public}", $"@revoked * {bad.Public}", $"example.org {good.Public}"]);

        var known = Known("example.org", 22);
        Assert.Equal([good.Fingerprint], known.Trusted);
        Assert.Equal([bad.Fingerprint], known.Revoked);
    }

    public void Dispose() => folder.Dispose();

    private KnownHosts Known(string host, int port) => KnownHosts.Read(File.ReadLines(folder["known_hosts"]), host, port);

    private (string Public, string Fingerprint) NewKey()
    {
        var file = folder[Guid.NewGuid().ToString("N")];
        Programs.Run("/usr/bin/ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", file]);
        return (File.ReadAllText(file + ".pub").Trim(), Programs.Run("/usr/bin/ssh-keygen", ["-lf", file + ".pub"]).Split(' ')[1]);
    }
}
