using MedicineMan.Repository.Format;

namespace MedicineMan.Repository.Patching;

/// <summary>
/// How a stream of parts stands in a snapshot: a folder that other clients of the format show as one, and that ours shows as the stream it is.
/// </summary>
internal static class StreamFolder
{
    public const string Suffix = ".patched";
    public const string ScriptName = "join.sh";

    // Parts sort as they follow each other, also in a shell.
    public static string PartName(int number, string kind) => $"{number:D6}.{kind}";

    /// <summary>Whether a node is one. A folder of a real disk has an inode and no size, so one that was restored and backed up again is not taken for a stream.</summary>
    public static bool Is(TreeNode node) =>
        node is { Type: "dir", Inode: 0, Size: > 0, Subtree: not null } && node.Name.Length > Suffix.Length && node.Name.EndsWith(Suffix, StringComparison.Ordinal);

    /// <summary>The node as people and restores see it: streams in parts are files, whose content is null and whose subtree holds the parts.</summary>
    public static TreeNode Present(TreeNode node) =>
        Is(node) ? node with { Name = node.Name[..^Suffix.Length], Type = "file", Mode = 0x1A4, Links = 1 } : node;

    /// <summary>Whether a presented node is a stream of parts.</summary>
    public static bool IsPresented(TreeNode node) => node is { Type: "file", Content: null, Subtree: not null };

    /// <summary>What puts a restored stream together with nothing but a shell and zstd. Always the same bytes, so it is stored once.</summary>
    public static ReadOnlySpan<byte> Script =>
        """
        #!/bin/sh
        # Puts the parts in this folder together again:  sh join.sh > stream
        # Needs zstd 1.4.5 or newer. A .part is a piece as it is; a .patch is a piece as what changed since the .base beside it.
        set -e
        cd "$(dirname "$0")"
        for piece in [0-9]*; do
          case $piece in
            *.part) cat "$piece" ;;
            *.patch) zstd -d -q -c --patch-from="${piece%.patch}.base" "$piece" ;;
          esac
        done

        """u8;
}
