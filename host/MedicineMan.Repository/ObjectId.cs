using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace MedicineMan.Repository;

/// <summary>The SHA-256 that names a blob, a pack or any other stored object. Ordered as its hexadecimal form is.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly struct ObjectId : IEquatable<ObjectId>, IComparable<ObjectId>
{
    /// <summary>Bytes in an id.</summary>
    public const int Size = 32;

    // Four numbers in place of a byte array: ids stand in arrays by the million and must cost no object each.
    private readonly ulong a;
    private readonly ulong b;
    private readonly ulong c;
    private readonly ulong d;

    /// <summary>Takes the 32 bytes of an id.</summary>
    public ObjectId(ReadOnlySpan<byte> bytes)
    {
        a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        c = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        d = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    /// <summary>The id of some content.</summary>
    public static ObjectId Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[Size];
        SHA256.HashData(content, hash);
        return new ObjectId(hash);
    }

    /// <summary>Reads 64 hexadecimal digits.</summary>
    /// <returns>False when it is anything else.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out ObjectId id)
    {
        Span<byte> bytes = stackalloc byte[Size];
        var valid = text?.Length == 2 * Size
            && Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
        id = valid ? new ObjectId(bytes) : default;
        return valid;
    }

    /// <summary>Writes the 32 bytes.</summary>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, a);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], b);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], c);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], d);
    }

    /// <inheritdoc/>
    public int CompareTo(ObjectId other) =>
        a != other.a ? a.CompareTo(other.a)
        : b != other.b ? b.CompareTo(other.b)
        : c != other.c ? c.CompareTo(other.c)
        : d.CompareTo(other.d);

    /// <inheritdoc/>
    public bool Equals(ObjectId other) => a == other.a && b == other.b && c == other.c && d == other.d;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ObjectId other && Equals(other);

    // A SHA-256 is already as evenly spread as a hash code can be.
    /// <inheritdoc/>
    public override int GetHashCode() => (int)d;

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    /// <summary>The first eight digits, which is how people name snapshots.</summary>
    public string Prefix => ToString()[..8];

    /// <summary>Same id.</summary>
    public static bool operator ==(ObjectId left, ObjectId right) => left.Equals(right);

    /// <summary>Another id.</summary>
    public static bool operator !=(ObjectId left, ObjectId right) => !left.Equals(right);

    /// <summary>Sorts before.</summary>
    public static bool operator <(ObjectId left, ObjectId right) => left.CompareTo(right) < 0;

    /// <summary>Sorts after.</summary>
    public static bool operator >(ObjectId left, ObjectId right) => left.CompareTo(right) > 0;

    /// <summary>Sorts before or equal.</summary>
    public static bool operator <=(ObjectId left, ObjectId right) => left.CompareTo(right) <= 0;

    /// <summary>Sorts after or equal.</summary>
    public static bool operator >=(ObjectId left, ObjectId right) => left.CompareTo(right) >= 0;

    // The place in the id's range as a fraction: interpolation search over sorted ids starts there.
    internal ulong Leading => a;
}
