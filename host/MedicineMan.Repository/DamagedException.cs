using MedicineMan.Sdk;

namespace MedicineMan.Repository;

/// <summary>Stored bytes are not what was written. The message names the object; nothing of it was handed out.</summary>
public sealed class DamagedException(string message, Exception? inner = null) : UserFacingException(message, inner);
