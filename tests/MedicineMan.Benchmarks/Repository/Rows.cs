namespace MedicineMan.Benchmarks.Repository;

/// <summary>The values measured so far, by row of the table and by program; the median counts.</summary>
internal sealed class Rows
{
    private readonly Dictionary<(string Row, string Program), List<double>> values = [];

    public void Add(string row, Contender program, double value)
    {
        if (!values.TryGetValue((row, program.Name), out var known))
        {
            values[(row, program.Name)] = known = [];
        }

        known.Add(value);
    }

    /// <summary>Adds how long, how much processor time and how much memory a run took.</summary>
    public void Add(string row, Contender program, Sample sample)
    {
        Add(row + ".seconds", program, sample.Seconds);
        Add(row + ".processor", program, sample.ProcessorSeconds);
        Add(row + ".memory", program, sample.PeakMebibytes);
    }

    public double this[string row, string program] => values[(row, program)].Order().ElementAt(values[(row, program)].Count / 2);

    /// <summary>Ours beside the peer.</summary>
    public void Print(string row, string target, string unit) => Figure.Print("repository." + row, this[row, "ours"], this[row, "restic"], target, unit);

    /// <summary>Speeds from seconds, and processor time, for so many units of work.</summary>
    public void PrintSpeed(string row, double amount, string target, string unit)
    {
        Figure.Print($"repository.{row}.speed", amount / this[row + ".seconds", "ours"], amount / this[row + ".seconds", "restic"], target, unit);
        Figure.Print($"repository.{row}.processor", amount / this[row + ".processor", "ours"], amount / this[row + ".processor", "restic"], target, unit + " of processor");
    }
}
