namespace MedicineMan.Host.Plugins.Development;

/// What a build has left in a folder, as far as it takes to see that another build came after it.
internal sealed record BuiltFiles(int Count, long Bytes, DateTime Latest)
{
    /// Null while there is no plugin in the folder.
    public static BuiltFiles? Of(string folder)
    {
        try
        {
            var files = new DirectoryInfo(folder).GetFiles("*", SearchOption.AllDirectories);
            return Array.Exists(files, file => file.Name == Manifests.ManifestReader.FileName)
                ? new BuiltFiles(files.Length, files.Sum(file => file.Length), files.Max(file => file.LastWriteTimeUtc))
                : null;
        }
        catch (IOException)
        {
            // The build is at it, or has not begun: the next look sees more.
            return null;
        }
    }
}
