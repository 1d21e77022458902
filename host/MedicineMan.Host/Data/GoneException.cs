using MedicineMan.Sdk;

namespace MedicineMan.Host.Data;

/// What somebody asked for was there, or never was; trying again finds it no more.
internal sealed class GoneException : UserFacingException
{
    /// <param name="noun">
    /// What it is to an operator: <c>plan</c>.
    /// </param>
    public GoneException(string noun)
        : base($"That {noun} no longer exists.") => Permanent = true;
}
