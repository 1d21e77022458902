namespace MedicineMan.Plugins.Sftp.Wire;

/// <summary>Tidying up whose failure changes nothing: a lost connection closes what is open, and leftovers are swept another day.</summary>
internal static class Quietly
{
    public static void Run(Task request) => _ = Done(request);

    public static async Task Done(Task request)
    {
        try
        {
            await request;
        }
        catch (Exception failure) when (failure is SftpStatusException or SftpLostException or OperationCanceledException)
        {
            // See above.
        }
    }
}
