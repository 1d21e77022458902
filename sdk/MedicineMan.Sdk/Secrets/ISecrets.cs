namespace MedicineMan.Sdk.Secrets;

/// <summary>Opens the secrets a plugin was given handles of. Needs the capability <c>secrets</c>; every opening is audited.</summary>
public interface ISecrets
{
    /// <summary>Opens a secret that this plugin's settings refer to.</summary>
    /// <param name="secret">The handle.</param>
    /// <param name="purpose">For the audit trail, for instance "sign in to the mail server".</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="CapabilityDeniedException">The capability was not approved, or the secret is not this plugin's.</exception>
    ValueTask<SecretLease> OpenAsync(SecretRef secret, string purpose, CancellationToken cancel);
}

/// <summary>An open secret. Dispose it as soon as it has been used: its bytes are then overwritten.</summary>
public sealed class SecretLease(byte[] utf8) : IDisposable
{
    /// <summary>The secret as UTF-8.</summary>
    public ReadOnlySpan<byte> Utf8 => utf8;

    /// <summary>The secret as text, for APIs that take nothing else. A string cannot be overwritten.</summary>
    public string Text() => System.Text.Encoding.UTF8.GetString(utf8);

    /// <inheritdoc />
    public void Dispose() => System.Security.Cryptography.CryptographicOperations.ZeroMemory(utf8);
}
