using MedicineMan.Host.Servers;

namespace MedicineMan.Host.Tests.Servers;

public sealed class SshAddressTests
{
    [Theory]
    [InlineData("example.org", null, "example.org", 22)]
    [InlineData("root@example.org", "root", "example.org", 22)]
    [InlineData("root@example.org:2222", "root", "example.org", 2222)]
    [InlineData("  deploy@10.0.0.7 ", "deploy", "10.0.0.7", 22)]
    [InlineData("ssh -p 2222 root@example.org", "root", "example.org", 2222)]
    [InlineData("ssh -p2222 -l ann example.org", "ann", "example.org", 2222)]
    [InlineData("ssh -i ~/.ssh/id_ed25519 -o StrictHostKeyChecking=no root@example.org -p 23", "root", "example.org", 23)]
    [InlineData("ssh root@example.org uptime", "root", "example.org", 22)]
    [InlineData("ssh -vA ann@example.org", "ann", "example.org", 22)]
    [InlineData("ssh://root@example.org:2200/", "root", "example.org", 2200)]
    [InlineData("[2001:db8::1]:2222", null, "2001:db8::1", 2222)]
    [InlineData("root@[2001:db8::1]", "root", "2001:db8::1", 22)]
    [InlineData("root@2001:db8::1", "root", "2001:db8::1", 22)]
    [InlineData("ann@corp.example@example.org", "ann@corp.example", "example.org", 22)]
    public void What_people_paste_is_understood(string pasted, string? user, string host, int port) =>
        Assert.Equal(new SshAddress(user, host, port), SshAddress.Parse(pasted));

    [Theory]
    [InlineData("")]
    [InlineData("ssh -A")]
    [InlineData("root@")]
    [InlineData("@example.org")]
    [InlineData("example.org:0")]
    [InlineData("example.org:70000")]
    [InlineData("example.org:x")]
    [InlineData("-oProxyCommand=evil")]
    [InlineData("root@-oProxyCommand=evil")]
    [InlineData("a b")]
    [InlineData("exa$(id)mple")]
    [InlineData("ssh -p")]
    [InlineData("http://example.org")]
    public void What_is_no_address_is_not_guessed(string pasted) => Assert.Null(SshAddress.Parse(pasted));
}
