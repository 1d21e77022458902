using MedicineMan.Benchmarks.Jobs;
using MedicineMan.Benchmarks.Plugins;
using MedicineMan.Benchmarks.Repository;
using MedicineMan.Benchmarks.Web;

return args switch
{
    ["repository" or "dump" or "patch" or "daily" or "files", .. var rest] => await RepositoryBenchmark.Run(args[0], rest),
    ["fragments"] => FragmentBenchmark.Run(),
    ["index", .. var rest] => await IndexBenchmark.Run(rest),
    ["jobs", .. var rest] => await JobsBenchmark.Run(rest),
    ["plugins"] => await PluginsBenchmark.Run(),
    ["start"] => await StartBenchmark.Run(),
    ["web"] => await WebBenchmark.Run(),
    [BarePage.Verb, .. var rest] => await BarePage.Run(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("Which benchmark? daily, dump, files, fragments, index, jobs, patch, plugins, repository, start, web");
    return 1;
}
