namespace MedicineMan.Sdk.Secrets;

/// <summary>A handle to a secret in the host's vault. Arguments, settings and logs carry this, never the value.</summary>
/// <param name="Id">The vault's id.</param>
public readonly record struct SecretRef(string Id)
{
    /// <summary>Always <c>***</c>: even the id stays out of logs.</summary>
    public override string ToString() => "***";
}
