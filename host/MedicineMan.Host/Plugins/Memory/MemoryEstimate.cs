namespace MedicineMan.Host.Plugins.Memory;

/// What a plugin held when it was last weighed.
/// <param name="Kept">Bytes of the objects that its own objects and static fields lead to.</param>
/// <param name="Code">Bytes of its assemblies.</param>
/// <param name="IsWhole">False when there was more than a look may count: then it is at least so much.</param>
internal sealed record MemoryEstimate(long Kept, long Code, bool IsWhole, DateTimeOffset At)
{
    public long Bytes => Kept + Code;
}
