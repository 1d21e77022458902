namespace MedicineMan.Host.Plugins.Packages.Reach;

/// A way past the host: what of the runtime it is, and what a plugin takes instead.
/// <param name="Scope">What a manifest names under the capability "native" to have leave for it.</param>
internal sealed record ReachRule(string Scope, string Instead);

/// What a plugin's code should not call by itself, since the host can then neither grant nor refuse nor record it. The list stops accidents,
/// not malice: reflection and pointers get past it, and nothing here runs while the plugin does.
internal static class ReachRules
{
    public const string Capability = "native";

    public const string Libraries = "libraries";

    /// Every scope of "native".
    public static IReadOnlyList<string> Scopes { get; } = ["code", "console", "files", "libraries", "network", "process", "programs"];

    public static ReachRule Native { get; } = new(Libraries, "Call a program on a server through IServers");

    private static readonly ReachRule Files = new("files", "Work in a folder of IPluginContext.Scratch() by its Open, keep small things in IPluginStore, reach a server's files through IServers");
    private static readonly ReachRule Network = new("network", "Call out with IPluginContext.Http and name the hosts under the capability \"net\"");
    private static readonly ReachRule Programs = new("programs", "Start it through the ICommandRunner of a server and name it under the capability \"exec\"");
    private static readonly ReachRule Code = new("code", "Reference what you need when you build, so that it lies in the package");
    private static readonly ReachRule Process = new("process", "Throw an exception; the host goes on without what failed");
    private static readonly ReachRule Console = new("console", "Write to IPluginContext.Logger");

    // Null stands for every member; only what opens something counts, not what describes it.
    private static readonly Dictionary<string, (ReachRule Rule, string[]? Members)> Types = new(StringComparer.Ordinal)
    {
        ["System.IO.File"] = (Files, null),
        ["System.IO.Directory"] = (Files, null),
        ["System.IO.RandomAccess"] = (Files, null),
        ["System.IO.FileStream"] = (Files, [".ctor"]),
        ["System.IO.FileInfo"] = (Files, [".ctor"]),
        ["System.IO.DirectoryInfo"] = (Files, [".ctor"]),
        ["System.IO.FileSystemWatcher"] = (Files, [".ctor"]),
        ["System.IO.Path"] = (Files, ["GetTempFileName"]),
        ["MedicineMan.Sdk.Storage.DurableFiles"] = (Files, null),
        ["System.IO.Compression.ZipFile"] = (Files, null),
        ["System.IO.Compression.ZipFileExtensions"] = (Files, null),
        ["System.IO.MemoryMappedFiles.MemoryMappedFile"] = (Files, null),
        ["System.Net.Sockets.Socket"] = (Network, [".ctor"]),
        ["System.Net.Sockets.TcpClient"] = (Network, [".ctor"]),
        ["System.Net.Sockets.TcpListener"] = (Network, [".ctor", "Create"]),
        ["System.Net.Sockets.UdpClient"] = (Network, [".ctor"]),
        ["System.Net.Http.HttpClient"] = (Network, [".ctor"]),
        ["System.Net.Http.HttpClientHandler"] = (Network, [".ctor"]),
        ["System.Net.Http.SocketsHttpHandler"] = (Network, [".ctor"]),
        ["System.Net.HttpListener"] = (Network, [".ctor"]),
        ["System.Net.WebClient"] = (Network, [".ctor"]),
        ["System.Net.WebRequest"] = (Network, null),
        ["System.Net.Dns"] = (Network, null),
        ["System.Net.Mail.SmtpClient"] = (Network, [".ctor"]),
        ["System.Net.WebSockets.ClientWebSocket"] = (Network, [".ctor"]),
        ["System.Net.NetworkInformation.Ping"] = (Network, [".ctor"]),
        ["System.Net.Quic.QuicConnection"] = (Network, null),
        ["System.Net.Quic.QuicListener"] = (Network, null),
        ["System.Diagnostics.Process"] = (Programs, [".ctor", "Start", "Kill", "GetProcesses", "GetProcessesByName", "GetProcessById"]),
        ["System.Reflection.Assembly"] = (Code, ["Load", "LoadFrom", "LoadFile", "UnsafeLoadFrom", "LoadWithPartialName"]),
        ["System.Runtime.Loader.AssemblyLoadContext"] = (Code, [".ctor", "LoadFromAssemblyPath", "LoadFromStream", "LoadFromNativeImagePath", "LoadUnmanagedDllFromPath"]),
        ["System.Activator"] = (Code, ["CreateInstanceFrom"]),
        ["System.AppDomain"] = (Code, ["Load", "ExecuteAssembly", "ExecuteAssemblyByName", "CreateInstanceFrom", "CreateInstanceFromAndUnwrap"]),
        ["System.Runtime.InteropServices.NativeLibrary"] = (Native, null),
        ["System.Runtime.InteropServices.Marshal"] = (Native, ["GetDelegateForFunctionPointer"]),
        ["System.Environment"] = (Process, ["Exit", "FailFast", "set_ExitCode", "SetEnvironmentVariable", "set_CurrentDirectory"]),
        ["System.Console"] = (Console, null),
    };

    /// <returns>Null for what a plugin may call.</returns>
    public static ReachRule? Find(string type, string member) =>
        type.StartsWith("System.Reflection.Emit.", StringComparison.Ordinal) && type != "System.Reflection.Emit.OpCodes" ? Code
        : Types.TryGetValue(type, out var found) && (found.Members is null || found.Members.Contains(member, StringComparer.Ordinal)) ? found.Rule
        : null;

    /// Readers and writers that open a file when they are given a name instead of a stream.
    public static ReachRule? FindNamed(string type, string member) =>
        member == ".ctor" && type is "System.IO.StreamReader" or "System.IO.StreamWriter" ? Files : null;
}
