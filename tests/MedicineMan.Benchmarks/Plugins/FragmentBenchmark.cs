using System.Diagnostics;
using MedicineMan.Host.Plugins.Fragments;
using MedicineMan.Sdk.Ui;

namespace MedicineMan.Benchmarks.Plugins;

/// <summary>Drawing a plugin's fragment of 50 rows with its template at hand: copied, drawn, encoded and cleaned. With a button in each row beside it.</summary>
internal static class FragmentBenchmark
{
    private const int Warmth = 1000;
    private const int Runs = 1000;

    public static int Run()
    {
        Figure.Print("fragment.rows50", Median(""), null, "<=1", "ms");
        Figure.Print("fragment.rows50.buttons", Median("<td><button class=\"btn\" data-mm-action=\"restart\" data-mm-argument-name=\"{{ row.name }}\">Restart</button></td>"), null, "<=2", "ms");
        return 0;
    }

    private static double Median(string button)
    {
        var (template, problems) = FragmentTemplate.Parse(
            "<table class=\"table\"><thead><tr><th>Name</th><th>Size</th><th>Seen</th><th>State</th></tr></thead><tbody>{{ for row in rows }}<tr title=\"{{ row.name }}\"><td>{{ row.name }}</td>"
            + $"<td>{{{{ row.size | ui.bytes }}}}</td><td>{{{{ row.at | ui.time }}}}</td><td>{{{{ ui.badge row.state \"green\" }}}}</td>{button}</tr>{{{{ end }}}}</tbody></table>", "rows.html");
        if (template is null)
        {
            throw new InvalidOperationException(string.Join(' ', problems));
        }

        var model = new UiModel
        {
            ["rows"] = UiValue.List(Enumerable.Range(0, 50).Select(at => (UiValue)new UiModel
            {
                ["name"] = $"database & {at}", ["size"] = at * 1_234_567L, ["at"] = DateTimeOffset.UnixEpoch.AddHours(at), ["state"] = "fine",
            })),
        };
        var times = new List<double>(Runs);
        for (var run = -Warmth; run < Runs; run++)
        {
            var started = Stopwatch.GetTimestamp();
            template.Draw(FragmentModel.Copy(model), CancellationToken.None);
            if (run >= 0)
            {
                times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }
        }

        return times.Order().ElementAt(Runs / 2);
    }
}
