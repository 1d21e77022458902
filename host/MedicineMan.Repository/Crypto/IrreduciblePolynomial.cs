using System.Numerics;
using System.Security.Cryptography;

namespace MedicineMan.Repository.Crypto;

/// <summary>Random irreducible polynomials over GF(2) of degree 53. Our chunker needs none, but other clients of the format refuse a repository without one.</summary>
internal static class IrreduciblePolynomial
{
    private const int Degree = 53;

    public static ulong Random()
    {
        while (true)
        {
            var bits = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
            var candidate = (bits & ((1UL << Degree) - 1)) | (1UL << Degree) | 1;
            if (IsIrreducible(candidate))
            {
                return candidate;
            }
        }
    }

    /// <summary>Ben-Or's test: no common factor with x^(2^i) - x for any i up to half the degree.</summary>
    public static bool IsIrreducible(ulong polynomial)
    {
        ulong power = 2;
        for (var i = 0; i < DegreeOf(polynomial) / 2; i++)
        {
            power = SquareModulo(power, polynomial);
            if (GreatestCommonDivisor(polynomial, power ^ 2) != 1)
            {
                return false;
            }
        }

        return DegreeOf(polynomial) > 0;
    }

    private static int DegreeOf(ulong polynomial) => 63 - BitOperations.LeadingZeroCount(polynomial);

    private static ulong SquareModulo(ulong value, ulong modulus)
    {
        var degree = DegreeOf(modulus);
        ulong result = 0;
        for (var bit = degree - 1; bit >= 0; bit--)
        {
            result <<= 1;
            if ((result >> degree) != 0)
            {
                result ^= modulus;
            }

            if (((value >> bit) & 1) != 0)
            {
                result ^= value;
            }
        }

        return result;
    }

    private static ulong GreatestCommonDivisor(ulong a, ulong b)
    {
        while (b != 0)
        {
            while (a != 0 && DegreeOf(a) >= DegreeOf(b))
            {
                a ^= b << (DegreeOf(a) - DegreeOf(b));
            }

            (a, b) = (b, a);
        }

        return a;
    }
}
