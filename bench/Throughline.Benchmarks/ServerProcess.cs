using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Throughline.Benchmarks;

/// <summary>A server in its own process, on ports of its own choosing, with what the kernel counts about it. Linux only. Its owner stops it.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private const int Terminate = 15;

    private readonly Process _process;

    private ServerProcess(Process process, Dictionary<string, string> addresses, TimeSpan listeningAfter)
    {
        (_process, ListeningAfter) = (process, listeningAfter);
        (Http, OtlpHttp, OtlpGrpc) = (new Uri(addresses["http"]), new Uri(addresses["otlp-http"]), new Uri(addresses["otlp-grpc"]));
    }

    /// <summary>The page and the query APIs.</summary>
    public Uri Http { get; }

    public Uri OtlpHttp { get; }

    public Uri OtlpGrpc { get; }

    /// <summary>From the start of the process to its line that it listens.</summary>
    public TimeSpan ListeningAfter { get; }

    /// <summary>CPU seconds of all its threads, in user and kernel mode, to a hundredth.</summary>
    public double CpuSeconds
    {
        get
        {
            var stat = File.ReadAllText($"/proc/{_process.Id}/stat");
            // The name in brackets may have blanks; utime and stime are the 12th and 13th fields behind it.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / 100.0;
        }
    }

    /// <summary>The most memory that was resident at once, in bytes.</summary>
    public long PeakBytes => Status("VmHWM:");

    /// <summary>Resident memory now, in bytes.</summary>
    public long ResidentBytes => Status("VmRSS:");

    /// <summary>Starts the server on a data directory and waits until it says that it listens.</summary>
    public static async Task<ServerProcess> StartAsync(Arguments arguments, string data, params string[] more)
    {
        var program = arguments.Option("--server", "");
        if (program.Length == 0) program = FindServer();
        string[] options = ["server", "--data", data, "--http", "http://127.0.0.1:0", "--otlp-http", "http://127.0.0.1:0", "--otlp-grpc", "http://127.0.0.1:0", .. more];
        var start = new ProcessStartInfo("dotnet", [program, .. options]) { RedirectStandardOutput = true };
        var watch = Stopwatch.StartNew();
        var process = Process.Start(start) ?? throw new InvalidOperationException("The server could not be started.");
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith("listening: ", StringComparison.Ordinal)) continue;
            var addresses = line["listening: ".Length..].Split(' ').Select(part => part.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
            return new ServerProcess(process, addresses, watch.Elapsed);
        }
        throw new InvalidOperationException($"The server ended with {process.ExitCode} before it listened.");
    }

    private static string FindServer()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var program = Path.Combine(folder.FullName, "src", "Throughline.Server", "bin", "Release", "net10.0", "throughline.dll");
            if (File.Exists(program)) return program;
        }
        throw new FileNotFoundException("The server is not built: dotnet build -c Release src/Throughline.Server, or name it with --server.");
    }

    /// <summary>Asks it to end as Ctrl-C does, and waits.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Kill(_process.Id, Terminate) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError(), "kill failed");
        await _process.StandardOutput.ReadToEndAsync();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private long Status(string name)
    {
        var line = File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) * 1024;
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
