namespace MedicineMan.TestPlugins.Outreach.Own;

internal static class File
{
    public static bool Exists(string path) => path.Length > 0;
}
