// Ten processes in each test are load enough for a small machine.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
