using MedicineMan.Benchmarks.Repository;

return args switch
{
    ["repository", .. var rest] => await RepositoryBenchmark.Run(rest),
    [RepositoryChild.Verb, .. var rest] => await RepositoryChild.Run(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("Which benchmark? repository");
    return 1;
}
