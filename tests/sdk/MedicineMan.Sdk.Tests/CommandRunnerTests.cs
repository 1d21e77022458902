using MedicineMan.Sdk.Commands;
using MedicineMan.Sdk.Secrets;

namespace MedicineMan.Sdk.Tests;

public sealed class CommandRunnerTests
{
    [Fact]
    public void A_secret_never_shows_its_id_or_value() =>
        Assert.DoesNotContain("s3cret", new CommandFile("PGPASSFILE", CommandFile.SecretPlaceholder) { Secret = new SecretRef("s3cret") }.ToString(), StringComparison.Ordinal);

    [Fact]
    public void A_file_s_argument_names_the_file_and_nothing_a_person_would_type() =>
        Assert.NotEqual(new CommandFile("ONE", "").Argument, new CommandFile("TWO", "").Argument);
}
