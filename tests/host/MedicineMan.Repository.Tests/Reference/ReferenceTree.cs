using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace MedicineMan.Repository.Tests.Reference;

/// <summary>The folders of a snapshot: checked against the description, or made anew on this machine under their names' own bytes.</summary>
internal sealed class ReferenceTree(ReferenceRepository repository)
{
    public void Check(string tree, string place)
    {
        if (!repository.Has("tree", tree))
        {
            repository.Expect(false, place, "is in no index");
            return;
        }

        byte[]? before = null;
        foreach (var node in Nodes(tree))
        {
            var name = ReferenceName.Unquote(node.GetProperty("name").GetString()!);
            var at = $"{place}/{node.GetProperty("name").GetString()}";
            repository.Expect(before is null || before.AsSpan().SequenceCompareTo(name) < 0, at, "is out of order or there twice");
            repository.Expect(name.Length > 0 && !name.Contains((byte)'/') && !name.Contains((byte)0) && Encoding.UTF8.GetString(name) is not ("." or ".."), at, "is no name");
            before = name;
            switch (node.GetProperty("type").GetString())
            {
                case "dir":
                    Check(node.GetProperty("subtree").GetString()!, at);
                    break;
                case "file":
                    CheckFile(node, at);
                    break;
                case "symlink":
                    repository.Expect(node.GetProperty("linktarget").GetString() is { Length: > 0 }, at, "leads nowhere");
                    break;
                default:
                    repository.Expect(node.GetProperty("type").GetString() is "dev" or "chardev" or "fifo" or "socket", at, "is of no known kind");
                    break;
            }
        }
    }

    public void Restore(string tree, byte[] folder)
    {
        foreach (var node in Nodes(tree))
        {
            byte[] path = [.. folder, (byte)'/', .. ReferenceName.Unquote(node.GetProperty("name").GetString()!)];
            byte[] terminated = [.. path, 0];
            var type = node.GetProperty("type").GetString();
            var made = type switch
            {
                "dir" => mkdir(terminated, 0x1C0),
                "symlink" => symlink([.. Target(node), 0], terminated),
                "fifo" => mkfifo(terminated, 0x180),
                "file" => WriteFile(node, terminated),
                _ => throw new NotSupportedException($"Restoring a {type}"),
            };
            Assert.Equal(0, made);
            if (type == "dir")
            {
                Restore(node.GetProperty("subtree").GetString()!, path);
            }

            Describe(node, terminated, type!);
        }
    }

    private void CheckFile(JsonElement node, string at)
    {
        var size = 0L;
        foreach (var id in Content(node))
        {
            repository.Expect(repository.Has("data", id), at, $"needs the blob {id}, which is in no index");
            size += repository.Has("data", id) ? repository.Blob("data", id).Length : 0;
        }

        repository.Expect((node.TryGetProperty("size", out var said) ? said.GetInt64() : 0) == size, at, $"has {size} bytes and says otherwise");
    }

    private JsonElement.ArrayEnumerator Nodes(string tree)
    {
        var nodes = JsonDocument.Parse(repository.Blob("tree", tree)).RootElement.GetProperty("nodes");
        return nodes.ValueKind == JsonValueKind.Null ? default : nodes.EnumerateArray();
    }

    private static IEnumerable<string> Content(JsonElement node) => node.GetProperty("content").EnumerateArray().Select(id => id.GetString()!);

    private static byte[] Target(JsonElement node) =>
        node.TryGetProperty("linktarget_raw", out var raw) ? raw.GetBytesFromBase64() : Encoding.UTF8.GetBytes(node.GetProperty("linktarget").GetString()!);

    private int WriteFile(JsonElement node, byte[] path)
    {
        // Write only, create, never an existing one.
        using var handle = new SafeFileHandle(open(path, 0x1 | 0x40 | 0x80, 0x180), ownsHandle: true);
        using var file = new FileStream(handle, FileAccess.Write);
        foreach (var id in Content(node))
        {
            file.Write(repository.Blob("data", id));
        }

        return 0;
    }

    private static void Describe(JsonElement node, byte[] path, string type)
    {
        var mode = node.GetProperty("mode").GetUInt32();
        if (type != "symlink")
        {
            // Go keeps set-user-id, set-group-id and sticky in bits 23, 22 and 20.
            Assert.Equal(0, chmod(path, (mode & 0x1FF) | ((mode >> 23 & 1) << 11) | ((mode >> 22 & 1) << 10) | ((mode >> 20 & 1) << 9)));
        }

        var (seconds, nanoseconds) = Time(node.GetProperty("mtime").GetString()!);
        Assert.Equal(0, utimensat(-100, path, [seconds, nanoseconds, seconds, nanoseconds], 0x100));
    }

    private static (long Seconds, long Nanoseconds) Time(string text)
    {
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        var digits = dot < 0 ? "" : new string([.. text[(dot + 1)..].TakeWhile(char.IsAsciiDigit)]);
        var whole = dot < 0 ? text : text[..dot] + text[(dot + 1 + digits.Length)..];
        return (DateTimeOffset.Parse(whole, System.Globalization.CultureInfo.InvariantCulture).ToUnixTimeSeconds(),
            digits.Length == 0 ? 0 : long.Parse(digits.PadRight(9, '0'), System.Globalization.CultureInfo.InvariantCulture));
    }

#pragma warning disable SYSLIB1054, IDE1006 // The names are the system's, and a test needs no generated stubs.
    [DllImport("libc"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int mkdir(byte[] path, uint mode);

    [DllImport("libc"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int mkfifo(byte[] path, uint mode);

    [DllImport("libc"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int symlink(byte[] target, byte[] path);

    [DllImport("libc"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int open(byte[] path, int flags, uint mode);

    [DllImport("libc"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int chmod(byte[] path, uint mode);

    [DllImport("libc"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int utimensat(int folder, byte[] path, long[] times, int flags);
#pragma warning restore SYSLIB1054, IDE1006
}
