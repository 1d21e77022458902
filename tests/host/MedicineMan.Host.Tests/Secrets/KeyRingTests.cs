using MedicineMan.Host.Secrets;
using MedicineMan.Sdk;
using MedicineMan.Testbed;

namespace MedicineMan.Host.Tests.Secrets;

public sealed class KeyRingTests : IDisposable
{
    private readonly TemporaryFolder folder = new("keys");

    [Fact]
    public void The_first_start_makes_a_key_that_only_its_owner_reads_and_the_next_finds_it()
    {
        var made = KeyRing.Load(folder.Path, null, dataExists: false).Current;

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder[KeyRing.FileName]));
        Assert.Equal(made.Id, KeyRing.Load(folder.Path, null, dataExists: true).Current.Id);
    }

    [Fact]
    public void A_missing_key_is_never_replaced_where_data_exists()
    {
        var refused = Assert.Throws<UserFacingException>(() => KeyRing.Load(folder.Path, null, dataExists: true));

        Assert.Contains(folder[KeyRing.FileName], refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(folder[KeyRing.FileName]));
    }

    [Fact]
    public void A_key_that_others_can_read_is_refused()
    {
        KeyRing.Load(folder.Path, null, dataExists: false);
        File.SetUnixFileMode(folder[KeyRing.FileName], UnixFileMode.UserRead | UnixFileMode.GroupRead);

        Assert.Contains("chmod 600", Assert.Throws<UserFacingException>(() => KeyRing.Load(folder.Path, null, true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_key_is_refused_without_showing_it()
    {
        var text = MasterKey.Generate().ToText();
        var refused = Assert.Throws<UserFacingException>(() => KeyRing.Load(folder.Path, text[..40], true));

        Assert.Contains(KeyRing.Variable, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(text[..10], refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_environment_can_hand_over_a_ring_and_its_first_key_seals()
    {
        var (now, before) = (MasterKey.Generate(), MasterKey.Generate());
        var ring = KeyRing.Load(folder.Path, $"{now.ToText()},{before.ToText()}", true);

        Assert.Equal(now.Id, ring.Current.Id);
        Assert.NotNull(ring.Find(before.Id));
        Assert.Null(ring.Find("mk-000000000000"));
    }

    [Fact]
    public void The_recovery_kit_holds_the_key_its_id_and_its_fingerprint()
    {
        var key = MasterKey.Generate();
        var kit = RecoveryKit.For(key, "https://example.org", DateTimeOffset.UnixEpoch);

        Assert.Contains(key.ToText(), kit, StringComparison.Ordinal);
        Assert.Contains(key.Id, kit, StringComparison.Ordinal);
        Assert.Contains(key.Fingerprint, kit, StringComparison.Ordinal);
        Assert.True(MasterKey.TryParse(kit.Split('\n').Single(line => line.Trim().Length == 44 && line.EndsWith('=')), out var back));
        Assert.Equal(key.Id, back!.Id);
    }

    public void Dispose() => folder.Dispose();
}
