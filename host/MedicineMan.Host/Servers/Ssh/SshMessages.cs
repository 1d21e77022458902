using System.Runtime.CompilerServices;
using System.Text;
using Renci.SshNet;
using Renci.SshNet.Messages;
using Renci.SshNet.Messages.Connection;

namespace MedicineMan.Host.Servers.Ssh;

/// Asks for a session channel, RFC 4254 6.1.
internal sealed class SessionChannel : ChannelOpenInfo
{
    public override string ChannelType => "session";
}

/// Asks for a command in it, RFC 4254 6.5.
internal sealed class ExecRequest : RequestInfo
{
    private readonly byte[] line;

    public ExecRequest(string line)
    {
        this.line = Encoding.UTF8.GetBytes(line);
        WantReply = true;
    }

    public override string RequestName => "exec";

    protected override int BufferCapacity => base.BufferCapacity + 4 + line.Length;

    protected override void SaveData()
    {
        base.SaveData();
        WriteBinaryString(line);
    }
}

/// The three members of SSH.NET we need that it keeps to itself. Its own command class hands the sender new window as data arrives, not as it is
/// read, so a slow reader would buffer a whole dump in memory (and blocks a thread for each reader). With the session's public events and
/// these we run the channel ourselves. The version is pinned; the runner's tests fail when an upgrade moves them.
internal static class SshInternals
{
    public static Session SessionOf(BaseClient client) => (Session)GetSession(client)!;

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "SendMessage")]
    public static extern void Send(Session session, Message message);

    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    public static extern GlobalRequestMessage GlobalRequest(byte[] name, bool wantReply);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Session")]
    [return: UnsafeAccessorType("Renci.SshNet.ISession, Renci.SshNet")]
    private static extern object? GetSession(BaseClient client);
}
