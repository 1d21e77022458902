using System.Globalization;
using System.Text;

namespace MedicineMan.Repository.Tests.Fixtures;

/// <summary>Content for tests, the same at every run.</summary>
internal static class Some
{
    public static byte[] Noise(int bytes, int seed = 1)
    {
        var content = new byte[bytes];
        new Random(seed).NextBytes(content);
        return content;
    }

    public static byte[] Rows(int rows, int seed = 1)
    {
        var random = new Random(seed);
        var text = new StringBuilder("COPY public.orders (id, customer, placed, note) FROM stdin;\n");
        for (var i = 0; i < rows; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{i}\t{random.Next(100_000)}\t2026-01-{random.Next(1, 29):D2} 12:00:00\tnote {random.Next():x8}\n");
        }

        return Encoding.ASCII.GetBytes(text.Append("\\.\n").ToString());
    }
}
