using System.Globalization;
using System.Numerics;
using MedicineMan.Repository.Crypto;
using MedicineMan.Repository.Tests.Fixtures;
using MedicineMan.Repository.Tests.Reference;
using MedicineMan.Sdk;

namespace MedicineMan.Repository.Tests.Formats;

public sealed class KeyTests
{
    private static readonly BigInteger Prime = (BigInteger.One << 130) - 5;
    private static readonly BigInteger Clamp = BigInteger.Parse("0ffffffc0ffffffc0ffffffc0fffffff", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    [SkippableFact]
    public async Task Each_of_several_passwords_opens_it_here_and_in_restic_and_a_removed_one_does_not()
    {
        Restic.SkipUnlessInstalled();
        await using var ours = await TestRepository.Create();
        var content = Some.Rows(1000);
        var snapshot = await ours.BackUp(("rows", content));
        var second = await ours.Repository.Keys.Add("zweites Paßwort", default);
        await ours.Repository.Keys.Add("third", default);

        foreach (var password in new[] { TestRepository.Password, "zweites Paßwort", "third" })
        {
            using var opened = await TestRepository.Open(ours.Storage, password);
            await new Restic(ours.Folder, password, ours.Scratch["home"]).Run("check");
        }

        Assert.Equal(second, await ours.Repository.Keys.Remove(second.Prefix, dryRun: true, default));
        (await TestRepository.Open(ours.Storage, "zweites Paßwort")).Dispose();
        await ours.Repository.Keys.Remove(second.Prefix, dryRun: false, default);

        var refused = await Assert.ThrowsAsync<UserFacingException>(() => TestRepository.Open(ours.Storage, "zweites Paßwort"));
        Assert.Contains("opens none of the 2 keys", refused.Message, StringComparison.Ordinal);
        Assert.NotEqual(0, (await new Restic(ours.Folder, "zweites Paßwort", ours.Scratch["home"]).Try(null, "snapshots")).Code);
        Assert.Equal(content, await ours.Read(snapshot.Id, "rows"));
        Assert.Equal(2, (await ours.Repository.Keys.List(default)).Count);
    }

    [SkippableFact]
    public async Task A_password_that_restic_added_opens_it_here()
    {
        Restic.SkipUnlessInstalled();
        await using var ours = await TestRepository.Create();
        await ours.Restic.Run("key", "add", "--new-password-file", ours.Scratch.Write("new", "by restic\n"));
        using var opened = await TestRepository.Open(ours.Storage, "by restic");
        Assert.Equal(ours.Repository.Id, opened.Id);
    }

    [Fact]
    public async Task The_last_key_and_the_one_in_use_are_kept()
    {
        await using var ours = await TestRepository.Create();
        var own = ours.Repository.Keys.OpenedWith.ToString();
        Assert.Contains("only key", (await Assert.ThrowsAsync<UserFacingException>(() => ours.Repository.Keys.Remove(own, dryRun: false, default))).Message, StringComparison.Ordinal);
        await ours.Repository.Keys.Add("another", default);
        Assert.Contains("opened", (await Assert.ThrowsAsync<UserFacingException>(() => ours.Repository.Keys.Remove(own, dryRun: false, default))).Message, StringComparison.Ordinal);
        Assert.Contains("starts with zz", (await Assert.ThrowsAsync<UserFacingException>(() => ours.Repository.Keys.Remove("zz", dryRun: false, default))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_place_without_a_repository_is_told_apart_from_a_wrong_password()
    {
        await using var ours = await TestRepository.Create();
        await Assert.ThrowsAsync<NotARepositoryException>(async () => await TestRepository.Open(await TestRepository.OpenStorage(ours.Scratch["elsewhere"])));
        Assert.IsNotType<NotARepositoryException>(await Assert.ThrowsAsync<UserFacingException>(() => TestRepository.Open(ours.Storage, "wrong")));
        var again = await Assert.ThrowsAsync<UserFacingException>(
            () => BackupRepository.Initialise(ours.Storage, "x", TestRepository.Cheap, TimeProvider.System, default));
        Assert.Contains("already holds a repository", again.Message, StringComparison.Ordinal);
    }

    // RFC 7914, section 12.
    [Theory]
    [InlineData("", "", 16, 1, 1, "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906")]
    [InlineData("password", "NaCl", 1024, 8, 16, "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640")]
    public void Scrypt_gives_the_published_answers(string password, string salt, int n, int r, int p, string expected) =>
        Assert.Equal(expected, Convert.ToHexStringLower(Scrypt.Derive(System.Text.Encoding.ASCII.GetBytes(password), System.Text.Encoding.ASCII.GetBytes(salt), n, r, p, 64)));

    // Two are mixed at once, one may be left over, and very large ones are mixed alone.
    [Theory]
    [InlineData(16, 8, 2)]
    [InlineData(16, 8, 3)]
    [InlineData(64, 1, 7)]
    [InlineData(1 << 17, 8, 2)]
    public void Scrypt_gives_what_a_plain_reading_of_its_description_gives(int n, int r, int p) =>
        Assert.Equal(ReferenceScrypt.Derive([1, 2, 3], [4, 5], n, r, p, 64), Scrypt.Derive([1, 2, 3], [4, 5], n, r, p, 64));

    // RFC 8439, 2.5.2, and from its appendix the cases that trip carries.
    [Theory]
    [InlineData("85d6be7857556d337f4452fe42d506a8", "0103808afb0db2fd4abff6af4149f51b", "43727970746f6772617068696320466f72756d2052657365617263682047726f7570", "a8061dc1305136c6c22b8baf0c0127a9")]
    [InlineData("02000000000000000000000000000000", "00000000000000000000000000000000", "ffffffffffffffffffffffffffffffff", "03000000000000000000000000000000")]
    [InlineData("02000000000000000000000000000000", "ffffffffffffffffffffffffffffffff", "02000000000000000000000000000000", "03000000000000000000000000000000")]
    [InlineData("01000000000000000000000000000000", "00000000000000000000000000000000", "fffffffffffffffffffffffffffffffff0ffffffffffffffffffffffffffffff11000000000000000000000000000000", "05000000000000000000000000000000")]
    [InlineData("02000000000000000000000000000000", "00000000000000000000000000000000", "fdffffffffffffffffffffffffffffff", "faffffffffffffffffffffffffffffff")]
    public void Poly1305_gives_the_published_answers(string r, string s, string message, string expected)
    {
        var tag = new byte[16];
        Poly1305.Tag(Convert.FromHexString(r), Convert.FromHexString(s), Convert.FromHexString(message), tag);
        Assert.Equal(expected, Convert.ToHexStringLower(tag));
    }

    // One block after the other, in numbers of any size; all bits set is what trips carries.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Poly1305_over_four_blocks_at_once_gives_what_one_after_the_other_does(bool allBitsSet)
    {
        var random = new Random(5);
        foreach (var length in Enumerable.Range(200, 400).Append(70_001))
        {
            var bytes = new byte[32 + length];
            random.NextBytes(bytes);
            if (allBitsSet)
            {
                Array.Fill(bytes, (byte)0xff);
            }

            var (r, s, message) = (bytes[..16], bytes[16..32], bytes[32..]);
            var tag = new byte[16];
            Poly1305.Tag(r, s, message, tag);

            var sum = BigInteger.Zero;
            for (var at = 0; at < length; at += 16)
            {
                byte[] block = [.. message[at..Math.Min(length, at + 16)], 1];
                sum = (sum + new BigInteger(block, isUnsigned: true)) * (new BigInteger(r, isUnsigned: true) & Clamp) % Prime;
            }

            var expected = ((sum + new BigInteger(s, isUnsigned: true)) & ((BigInteger.One << 128) - 1)).ToByteArray(isUnsigned: true);
            Assert.Equal([.. expected, .. new byte[16 - expected.Length]], tag);
        }
    }

    [Fact]
    public void Polynomials_are_irreducible_and_products_are_not()
    {
        Assert.True(IrreduciblePolynomial.IsIrreducible(0x3DA3358B4DC173));
        Assert.False(IrreduciblePolynomial.IsIrreducible(0b101));
        Assert.True(IrreduciblePolynomial.IsIrreducible(IrreduciblePolynomial.Random()));
    }
}
