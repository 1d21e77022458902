using MedicineMan.Benchmarks.Plugins;
using MedicineMan.Benchmarks.Repository;
using MedicineMan.Benchmarks.Web;

return args switch
{
    ["repository", .. var rest] => await RepositoryBenchmark.Run(rest),
    ["fragments"] => FragmentBenchmark.Run(),
    ["index", .. var rest] => await IndexBenchmark.Run(rest),
    ["plugins"] => await PluginsBenchmark.Run(),
    ["start"] => await StartBenchmark.Run(),
    ["web"] => await WebBenchmark.Run(),
    [BarePage.Verb, .. var rest] => await BarePage.Run(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("Which benchmark? fragments, index, plugins, repository, start, web");
    return 1;
}
