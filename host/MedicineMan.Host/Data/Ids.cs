namespace MedicineMan.Host.Data;

/// Identifiers that sort by the time they were made, so that an index on them grows at its end.
internal static class Ids
{
    public static string New(TimeProvider time) => Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
}
