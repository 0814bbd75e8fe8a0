using System.Diagnostics;
using System.Text.Json;

namespace Throughline.Benchmarks;

/// <summary>A server in its own process, on ports of its own choosing, with what the kernel counts about it. Linux only. Its owner stops it.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromMinutes(5);

    private readonly Process _process;

    private ServerProcess(Process process, Dictionary<string, string> addresses, TimeSpan listeningAfter)
    {
        (_process, ListeningAfter, Counters) = (process, listeningAfter, new ProcessCounters(process.Id));
        (Http, OtlpHttp, OtlpGrpc) = (new Uri(addresses["http"]), new Uri(addresses["otlp-http"]), new Uri(addresses["otlp-grpc"]));
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false }) { BaseAddress = Http };
    }

    /// <summary>The page and the query APIs.</summary>
    public Uri Http { get; }

    public Uri OtlpHttp { get; }

    public Uri OtlpGrpc { get; }

    /// <summary>Asks the query APIs; any thread.</summary>
    public HttpClient Client { get; }

    /// <summary>CPU time and memory of the process.</summary>
    public ProcessCounters Counters { get; }

    /// <summary>From the start of the process to its line that it listens.</summary>
    public TimeSpan ListeningAfter { get; }

    /// <summary>
    /// Starts the server on a data directory and waits until it says that it listens. <c>--server</c> names another program, <c>--server-options</c> adds options. Without
    /// retention, unless they say otherwise: a directory that is used again may be old.
    /// </summary>
    public static Task<ServerProcess> StartAsync(Arguments arguments, string data)
    {
        var options = OptionsOf(arguments);
        return StartAsync(ProgramOf(arguments), data, options.Contains("--retention") ? options : ["--retention", "0", .. options]);
    }

    /// <summary>The server's program: what <c>--server</c> names, or the one that was built here.</summary>
    public static string ProgramOf(Arguments arguments) => arguments.Option("--server", "") is { Length: > 0 } program ? program : BuiltServer();

    /// <summary>The words of <c>--server-options</c>.</summary>
    public static string[] OptionsOf(Arguments arguments) => arguments.Option("--server-options", "").Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Starts the program on a data directory, with options besides those for ports and directory.</summary>
    public static async Task<ServerProcess> StartAsync(string program, string data, IReadOnlyList<string> more)
    {
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
        await process.WaitForExitAsync();
        throw new InvalidOperationException($"The server ended with {process.ExitCode} before it listened; its reason is on standard error.");
    }

    /// <summary>Waits until the server has recovered its store and takes spans.</summary>
    public async Task ReadyAsync()
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            using var answer = await Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
            if (answer.IsSuccessStatusCode) return;
            if (_process.HasExited) throw new InvalidOperationException($"The server ended with {_process.ExitCode} before it was ready; its reason is on standard error.");
            if (watch.Elapsed > ReadyLimit)
            {
                throw new TimeoutException($"The server is not ready after {ReadyLimit.TotalMinutes:0} minutes: /health/ready answered {(int)answer.StatusCode}: "
                    + (await answer.Content.ReadAsStringAsync()).Trim());
            }
            await Task.Delay(5);
        }
    }

    /// <summary>The answer of /api/v1/status. The caller disposes of it.</summary>
    public async Task<JsonDocument> StatusAsync() => JsonDocument.Parse(await Client.GetStringAsync(new Uri("/api/v1/status", UriKind.Relative)));

    private static string BuiltServer()
    {
        var program = RepositoryFolder.Of("src", "Throughline.Server", "bin", "Release", "net10.0", "throughline.dll");
        return File.Exists(program) ? program
            : throw new FileNotFoundException("The server is not built: start the benchmark by bench/run, build with dotnet build -c Release src/Throughline.Server, or name it with --server.");
    }

    /// <summary>Asks it to end as Ctrl-C does, and waits.</summary>
    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!_process.HasExited) Counters.Stop();
        await _process.StandardOutput.ReadToEndAsync();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
