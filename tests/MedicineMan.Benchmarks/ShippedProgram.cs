using System.Runtime.InteropServices;

namespace MedicineMan.Benchmarks;

/// <summary>The program as it is published, compiled ahead: what an operator runs.</summary>
internal static class ShippedProgram
{
    public static string Path { get; } = System.IO.Path.GetFullPath(
        System.IO.Path.Combine(AppContext.BaseDirectory, "../../../publish/MedicineMan.Host", $"release_{RuntimeInformation.RuntimeIdentifier}", "medicineman"));
}
