using MedicineMan.Sdk;

namespace MedicineMan.Repository.Locking;

/// <summary>Somebody else holds a lock that stands against the one wanted. It passes.</summary>
internal sealed class LockedException(string message) : UserFacingException(message);
