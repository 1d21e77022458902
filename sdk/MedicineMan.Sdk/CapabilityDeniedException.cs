namespace MedicineMan.Sdk;

/// <summary>The host refused a call: the plugin lacks a capability, or the administrator did not approve it. The refusal is audited.</summary>
public sealed class CapabilityDeniedException(string capability, string reason)
    : UserFacingException($"The capability {capability} is needed: {reason}")
{
    /// <summary>The capability, for instance <c>exec</c>.</summary>
    public string Capability { get; } = capability;
}
