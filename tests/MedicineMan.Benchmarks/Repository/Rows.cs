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

    /// <summary>How often a row was measured so far.</summary>
    public int Count(string row, Contender program) => values.TryGetValue((row + ".seconds", program.Name), out var known) ? known.Count : 0;

    /// <summary>Adds how long, how much processor time and how much memory a run took.</summary>
    public void Add(string row, Contender program, Sample sample)
    {
        Add(row + ".seconds", program, sample.Seconds);
        Add(row + ".processor", program, sample.ProcessorSeconds);
        Add(row + ".memory", program, sample.PeakMebibytes);
    }

    public double this[string row, string program] => values[(row, program)].Order().ElementAt(values[(row, program)].Count / 2);

    /// <summary>Ours beside the peer, and beside the second one where it was measured. Targets are for the time beside the first: the rest says where a figure comes from.</summary>
    public void Print(string row, string target, string unit)
    {
        Figure.Print("repository." + row, this[row, "ours"], this[row, "restic"], target, unit);
        if (values.ContainsKey((row, "borg")))
        {
            Figure.Print($"repository.{row}.beside-borg", this[row, "ours"], this[row, "borg"], null, unit);
        }
    }

    /// <summary>Speeds from seconds, and processor time, for so many units of work.</summary>
    public void PrintSpeed(string row, double amount, string target, string unit)
    {
        foreach (var peer in values.ContainsKey((row + ".seconds", "borg")) ? (string[])["restic", "borg"] : ["restic"])
        {
            var name = peer == "restic" ? row : $"{row}.beside-borg";
            Figure.Print($"repository.{name}.speed", amount / this[row + ".seconds", "ours"], amount / this[row + ".seconds", peer], peer == "restic" ? target : null, unit);
            Figure.Print($"repository.{name}.processor", amount / this[row + ".processor", "ours"], amount / this[row + ".processor", peer], null, unit + " of processor");
        }
    }
}
