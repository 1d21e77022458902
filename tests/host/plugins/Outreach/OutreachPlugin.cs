using System.Diagnostics;
using System.Net.Sockets;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.InteropServices;
using MedicineMan.Sdk;
using MedicineMan.TestPlugins.Outreach;

[assembly: MedicineManPlugin(typeof(OutreachPlugin))]

namespace MedicineMan.TestPlugins.Outreach;

/// A plugin that does by itself what it should ask the host for, each in a method of its own.
public sealed class OutreachPlugin : IPlugin
{
    public void Configure(IPluginBuilder plugin) => plugin.Services.Equals(null);
}

internal static class Ways
{
    private static readonly Func<string, bool> Known = File.Exists;

    public static Process? Program() => Process.Start("true");

    public static object Connect() => new TcpClient();

    public static object Plug() => new Socket(SocketType.Stream, ProtocolType.Tcp);

    public static object Client() => new HttpClient();

    public static async Task<string> Read(string path)
    {
        await Task.Yield();
        return await File.ReadAllTextAsync(path);
    }

    public static object Open(string path) => new FileStream(path, FileMode.Open);

    public static object Lines(string path) => new StreamReader(path);

    public static IEnumerable<string> Folders(string path)
    {
        foreach (var folder in Directory.EnumerateDirectories(path))
        {
            yield return folder;
        }
    }

    public static Assembly Loaded(string path) => Assembly.LoadFrom(path);

    public static object Emitted() => new DynamicMethod("Made", null, null);

    public static void Leave() => Environment.Exit(1);

    public static void Die() => Environment.FailFast(null);

    public static Action Speak() => () => Console.WriteLine("words");

    [DllImport("libc")]
    public static extern int getpid();
}

/// What every plugin may do, and what looks like the above.
internal static class Harmless
{
    public static string Name(string path) => Path.Combine(path, Path.GetFileName(path)) + Environment.MachineName + Environment.NewLine;

    public static string Read(Stream stream) => new StreamReader(stream).ReadToEnd();

    public static Task<string> Call(HttpClient lent) => lent.GetStringAsync(new Uri("https://example.com"));

    public static int Here() => Environment.ProcessId + typeof(Harmless).Assembly.GetTypes().Length + typeof(File).Name.Length;

    public static bool Own() => global::MedicineMan.TestPlugins.Outreach.Own.File.Exists("path");
}
