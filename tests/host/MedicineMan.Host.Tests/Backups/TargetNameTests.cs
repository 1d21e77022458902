using MedicineMan.Host.Backups.Restores;
using MedicineMan.Sdk;

namespace MedicineMan.Host.Tests.Backups;

public sealed class TargetNameTests
{
    [Fact]
    public void Each_of_several_gets_a_name_of_its_own()
    {
        TargetName.MustFit("{item}_restored", 2, replaces: false);
        Assert.Equal("shop_restored", TargetName.For("{item}_restored", "shop"));
        Assert.Contains("{item}", Assert.Throws<UserFacingException>(() => TargetName.MustFit("restored", 2, replaces: false)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_may_have_any_name_and_only_one_may_replace()
    {
        TargetName.MustFit("restored", 1, replaces: true);
        Assert.Throws<UserFacingException>(() => TargetName.MustFit("{item}", 2, replaces: true));
    }
}
