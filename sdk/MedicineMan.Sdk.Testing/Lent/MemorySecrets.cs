using System.Collections.Concurrent;
using System.Text;
using MedicineMan.Sdk.Secrets;
using MedicineMan.Sdk.Testing.Hosting;

namespace MedicineMan.Sdk.Testing.Lent;

/// <summary>A vault in memory that keeps what was opened, and why.</summary>
public sealed class MemorySecrets : ISecrets
{
    private readonly ConcurrentDictionary<string, byte[]> values = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> opened = new();

    internal Grant? Grant { get; set; }

    /// <summary>The purposes of all openings, in order.</summary>
    public IReadOnlyList<string> Opened => [.. opened];

    /// <summary>Puts a secret in and gives its handle, whose <see cref="SecretRef.Id"/> goes into settings.</summary>
    public SecretRef Add(string value)
    {
        var secret = new SecretRef($"secret-{values.Count + 1}");
        values[secret.Id] = Encoding.UTF8.GetBytes(value);
        return secret;
    }

    /// <inheritdoc/>
    public ValueTask<SecretLease> OpenAsync(SecretRef secret, string purpose, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        Grant?.Need("secrets");
        if (!values.TryGetValue(secret.Id ?? "", out var value))
        {
            var reason = "the secret is not this plugin's.";
            throw Grant?.Refuse("secrets", reason) ?? new CapabilityDeniedException("secrets", reason);
        }

        opened.Enqueue(purpose);
        return ValueTask.FromResult(new SecretLease([.. value]));
    }
}
