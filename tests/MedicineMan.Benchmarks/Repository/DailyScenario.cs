namespace MedicineMan.Benchmarks.Repository;

/// <summary>
/// A month of daily dumps of one database: each day half a percent of the rows anew in one place, one in a thousand anywhere, and half a percent
/// more rows at the end. All thirty stay in the repository.
/// </summary>
internal sealed class DailyScenario(string folder, long bytes)
{
    private const int Days = 30;

    private readonly string dump = Path.Combine(folder, "daily.sql");

    public async Task Measure(Contender program, Rows rows)
    {
        program.Forget();
        await program.Run(new InitialiseRepository());
        var (seconds, first) = (0.0, 0.0);
        for (var day = 0; day < Days; day++)
        {
            Write(day);
            seconds += (await program.Run(new BackUpStream(), input: dump)).Seconds;
            first = day == 0 ? program.Size : first;
        }

        rows.Add("daily.size", program, program.Size / 1048576.0);
        rows.Add("daily.growth", program, (program.Size - first) / 1048576.0);
        rows.Add("daily.seconds", program, seconds);
        rows.Add("daily.restore", program, await program.Run(new DumpStream("latest"), expected: dump));
        program.Forget();
    }

    public void Print(Rows rows)
    {
        rows.Print("daily.size", "<=0.5", "MiB");
        rows.Print("daily.growth", "<=0.5", "MiB");
        rows.Print("daily.seconds", "<=1", "s");
        rows.PrintSpeed("daily.restore", bytes / 1048576.0, ">=1", "MiB/s");
    }

    private void Write(int day)
    {
        using var file = File.Create(dump);
        DumpText.Write(file, bytes + day * (bytes / 200), (at, id) =>
        {
            var edition = 0;
            for (var past = 1; past <= day; past++)
            {
                var place = (past * 7919L % 1000) * (bytes / 2) / 1000;
                edition = id % 1000 == past || (at >= place && at < place + bytes / 400) ? past : edition;
            }

            return edition;
        });
    }
}
