using System.Buffers.Binary;

namespace MedicineMan.Plugins.Sftp.Wire;

/// <param name="packet">Type, id and fields; valid during the call alone.</param>
internal delegate void Received(ReadOnlySpan<byte> packet);

/// <summary>Puts packets together out of the pieces in which they arrive. Used by one thread.</summary>
internal sealed class PacketAssembly(Received received)
{
    // Servers send up to 256 KiB; what says it is longer is no SFTP, such as the greeting of a shell's profile.
    private const uint Longest = 1024 * 1024;

    private byte[] packet = new byte[64 * 1024];
    private int filled;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            Fill(ref bytes, sizeof(uint));
            if (filled < sizeof(uint))
            {
                return;
            }

            var length = BinaryPrimitives.ReadUInt32BigEndian(packet);
            if (length is 0 or > Longest)
            {
                throw new SftpLostException("The server sent something that is no SFTP. A shell profile that prints text does that, for instance.");
            }

            var end = sizeof(uint) + (int)length;
            Fill(ref bytes, end);
            if (filled == end)
            {
                filled = 0;
                received(packet.AsSpan(sizeof(uint), (int)length));
            }
        }
    }

    private void Fill(ref ReadOnlySpan<byte> bytes, int until)
    {
        var taken = bytes[..Math.Min(bytes.Length, Math.Max(0, until - filled))];
        if (filled + taken.Length > packet.Length)
        {
            Array.Resize(ref packet, until);
        }

        taken.CopyTo(packet.AsSpan(filled));
        filled += taken.Length;
        bytes = bytes[taken.Length..];
    }
}

/// <summary>What a server says, fit to be shown: of bounded length and without control characters.</summary>
internal static class Plain
{
    public static string Text(string said) => new string([.. said.Take(300).Select(letter => char.IsControl(letter) ? ' ' : letter)]).Trim().TrimEnd('.');
}
