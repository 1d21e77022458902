namespace MedicineMan.Host.Tests;

/// Tests that weigh the memory of their process or time what a page takes: no other test runs beside them, since what it does with the processor and the collector shows.
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
