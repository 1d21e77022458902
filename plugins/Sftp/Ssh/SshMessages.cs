using System.Runtime.CompilerServices;
using Renci.SshNet;
using Renci.SshNet.Messages;
using Renci.SshNet.Messages.Connection;

namespace MedicineMan.Plugins.Sftp.Ssh;

/// <summary>Asks for a session channel, RFC 4254 6.1.</summary>
internal sealed class SessionChannel : ChannelOpenInfo
{
    public override string ChannelType => "session";
}

/// <summary>Asks for the subsystem sftp in it, RFC 4254 6.5.</summary>
internal sealed class SftpSubsystem : RequestInfo
{
    private readonly byte[] name = "sftp"u8.ToArray();

    public SftpSubsystem() => WantReply = true;

    public override string RequestName => "subsystem";

    protected override int BufferCapacity => base.BufferCapacity + 4 + name.Length;

    protected override void SaveData()
    {
        base.SaveData();
        WriteBinaryString(name);
    }
}

/// <summary>
/// The two members of SSH.NET we need that it keeps to itself. Its own SFTP client has no put-if-absent (hardlink@openssh.com) and no way to
/// fill a given buffer with many reads in flight. The version is pinned; the storage's tests fail when an upgrade moves them.
/// </summary>
internal static class SshInternals
{
    public static Session SessionOf(BaseClient client) => (Session)GetSession(client)!;

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "SendMessage")]
    public static extern void Send(Session session, Message message);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Session")]
    [return: UnsafeAccessorType("Renci.SshNet.ISession, Renci.SshNet")]
    private static extern object? GetSession(BaseClient client);
}
