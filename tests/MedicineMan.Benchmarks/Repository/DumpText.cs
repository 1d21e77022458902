using System.Globalization;
using System.Text;

namespace MedicineMan.Benchmarks.Repository;

/// <summary>
/// What pg_dump of a pgbench database beside a table of events looks like: the same bytes at every run. About half of it is accounts, which compress
/// well; events carry words, times, numbers and some random hexadecimal.
/// </summary>
internal static class DumpText
{
    private static readonly string[] Words =
        ("order payment customer invoice shipped delivered returned refund warehouse pending basket checkout login password session cookie browser "
        + "mobile desktop error timeout retry failed success created updated deleted archived exported imported synced scheduled cancelled address "
        + "street country region delivery courier parcel weight price discount voucher coupon total subtotal tax shipping express standard").Split(' ');

    /// <summary>Writes a dump.</summary>
    /// <param name="output">Takes it.</param>
    /// <param name="bytes">About its length.</param>
    /// <param name="edition">Which value a row has, told by its table's length so far and its number: 0, the first, for all when null.</param>
    public static void Write(Stream output, long bytes, Func<long, int, int>? edition = null)
    {
        edition ??= (_, _) => 0;
        using var writer = new StreamWriter(output, new UTF8Encoding(false), 1 << 20, leaveOpen: true) { NewLine = "\n" };
        writer.Write("--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\nSET client_encoding = 'UTF8';\n\n");
        Accounts(writer, new Random(20260101), bytes / 2, edition);
        // A generator of its own: changed rows are longer or shorter, and one account more or less must not make all events others.
        Events(writer, new Random(20260102), bytes / 2, edition);
        writer.Write("--\n-- PostgreSQL database dump complete\n--\n");
    }

    // Of any length, as real updates are, and from no generator, or every later row would differ.
    private static int Edited(int value, int id, int edition) => edition == 0 ? value : (int)((uint)(value ^ ((id + edition - 1) * -1640531527)) % 200_000);

    private static void Accounts(StreamWriter writer, Random random, long bytes, Func<long, int, int> edition)
    {
        writer.Write("COPY public.pgbench_accounts (aid, bid, abalance, filler) FROM stdin;\n");
        var filler = new string(' ', 84);
        long written = 0;
        for (var id = 1; written < bytes; id++)
        {
            var balance = random.Next(-5000, 5000);
            var now = Edited(balance, id, edition(written, id));
            var line = string.Create(CultureInfo.InvariantCulture, $"{id}\t{(id - 1) / 100_000 + 1}\t{now}\t{filler}\n");
            writer.Write(line);
            written += line.Length;
        }

        writer.Write("\\.\n\n\n");
    }

    private static void Events(StreamWriter writer, Random random, long bytes, Func<long, int, int> edition)
    {
        writer.Write("COPY public.events (id, kind, customer, created_at, amount, note, token) FROM stdin;\n");
        var time = new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        var line = new StringBuilder();
        long written = 0;
        for (var id = 1; written < bytes; id++)
        {
            time = time.AddMilliseconds(random.Next(40_000));
            var (kind, customer) = (Words[random.Next(12)], random.Next(200_000));
            customer = Edited(customer, id, edition(written, id));
            line.Clear().Append(CultureInfo.InvariantCulture, $"{id}\t{kind}\t{customer}\t{time:yyyy-MM-dd HH:mm:ss.fff}+00\t{random.Next(1, 50_000) / 100.0:F2}\t");
            for (var word = random.Next(6, 18); word > 0; word--)
            {
                line.Append(Words[random.Next(Words.Length)]).Append(' ');
            }

            line.Append('\t').Append(random.Next(4) == 0 ? random.NextInt64().ToString("x16", CultureInfo.InvariantCulture) : "\\N").Append('\n');
            writer.Write(line);
            written += line.Length;
        }

        writer.Write("\\.\n\n\n");
    }
}
