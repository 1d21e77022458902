using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using MedicineMan.Repository.Crypto;

namespace MedicineMan.Repository.Keys;

/// <summary>What a new key slot makes a guesser pay: scrypt with 32 MiB, three times over, as OWASP's password storage advice has it.</summary>
internal sealed record KeyCost(int N, int R, int P)
{
    public static readonly KeyCost Standard = new(1 << 15, 8, 3);
}

/// <summary>A key document: the repository's master key, wrapped by one password.</summary>
internal sealed record KeySlot
{
    private const int SaltSize = 64;

    [JsonPropertyName("created")]
    public required DateTimeOffset Created { get; init; }

    [JsonPropertyName("username")]
    public string UserName { get; init => field = value ?? ""; } = "";

    [JsonPropertyName("hostname")]
    public string HostName { get; init => field = value ?? ""; } = "";

    [JsonPropertyName("kdf")]
    public required string Kdf { get; init; }

    [JsonPropertyName("N")]
    public required int N { get; init; }

    [JsonPropertyName("r")]
    public required int R { get; init; }

    [JsonPropertyName("p")]
    public required int P { get; init; }

    [JsonPropertyName("salt")]
    public required byte[] Salt { get; init; }

    [JsonPropertyName("data")]
    public required byte[] Data { get; init; }

    public static KeySlot Wrap(MasterKey master, string password, KeyCost cost, string userName, string hostName, DateTimeOffset now)
    {
        var salt = System.Security.Cryptography.RandomNumberGenerator.GetBytes(SaltSize);
        using var sealer = new Sealer(UserKey(password, salt, cost.N, cost.R, cost.P));
        var document = new MasterKeyDocument(new MacKeyDocument(master.MacK, master.MacR), master.Encrypt);
        var plain = JsonSerializer.SerializeToUtf8Bytes(document, KeyJson.Default.MasterKeyDocument);
        var data = new byte[plain.Length + Sealer.Overhead];
        sealer.Seal(plain, data);
        return new KeySlot
        {
            Created = now, UserName = userName, HostName = hostName, Kdf = "scrypt",
            N = cost.N, R = cost.R, P = cost.P, Salt = salt, Data = data,
        };
    }

    /// <summary>The master key, or null when this is not the slot's password.</summary>
    public MasterKey? TryUnwrap(string password)
    {
        if (Kdf != "scrypt" || !Scrypt.AreSane(N, R, P) || Data is null || Salt is null || Data.Length < Sealer.Overhead)
        {
            return null;
        }

        using var sealer = new Sealer(UserKey(password, Salt, N, R, P));
        var plain = new byte[Data.Length - Sealer.Overhead];
        if (!sealer.TryOpen(Data, plain))
        {
            return null;
        }

        var document = JsonSerializer.Deserialize(plain, KeyJson.Default.MasterKeyDocument);
        var key = document?.Mac is null ? null : new MasterKey { Encrypt = document.Encrypt, MacK = document.Mac.K, MacR = document.Mac.R };
        return key is { IsUsable: true } ? key : null;
    }

    private static MasterKey UserKey(string password, byte[] salt, int n, int r, int p) =>
        MasterKey.FromBytes(Scrypt.Derive(Encoding.UTF8.GetBytes(password), salt, n, r, p, MasterKey.Size));
}

internal sealed record MasterKeyDocument(
    [property: JsonPropertyName("mac")] MacKeyDocument Mac, [property: JsonPropertyName("encrypt")] byte[] Encrypt);

internal sealed record MacKeyDocument([property: JsonPropertyName("k")] byte[] K, [property: JsonPropertyName("r")] byte[] R);

[JsonSourceGenerationOptions(RespectNullableAnnotations = true)]
[JsonSerializable(typeof(KeySlot))]
[JsonSerializable(typeof(MasterKeyDocument))]
internal sealed partial class KeyJson : JsonSerializerContext;
