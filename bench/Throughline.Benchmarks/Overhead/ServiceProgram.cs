using System.Diagnostics;

namespace Throughline.Benchmarks;

/// <summary>One of the pipeline's services in its own process, on a port of its own choosing. Linux only. Its owner stops it.</summary>
internal sealed class ServiceProgram : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task _rest;

    private ServiceProgram(string name, Process process, Uri address)
    {
        (Name, _process, Address, Counters) = (name, process, address, new ProcessCounters(process.Id));
        // Read to the end, so that the service never waits for somebody to read its lines.
        _rest = process.StandardOutput.ReadToEndAsync();
    }

    public string Name { get; }

    public Uri Address { get; }

    public ProcessCounters Counters { get; }

    /// <summary>Starts the service that was built into <c>pipeline/FOLDER</c> and waits until it says where it listens.</summary>
    public static async Task<ServiceProgram> StartAsync(string folder, string name, IReadOnlyDictionary<string, string> environment, params string[] options)
    {
        var program = RepositoryFolder.Of("pipeline", folder, "bin", "Release", "net10.0", name + ".dll");
        if (!File.Exists(program)) throw new FileNotFoundException($"{program} is not built: start the benchmark by bench/run.");
        var start = new ProcessStartInfo("dotnet", [program, "--urls", "http://127.0.0.1:0", .. options]) { RedirectStandardOutput = true };
        foreach (var (key, value) in environment) start.Environment[key] = value;
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{name} could not be started.");
        var said = new List<string>();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            said.Add(line);
            var at = line.IndexOf("listening: http=", StringComparison.Ordinal);
            if (at >= 0) return new(name, process, new Uri(line[(at + "listening: http=".Length)..]));
        }
        await process.WaitForExitAsync();
        throw new InvalidOperationException($"{name} ended with {process.ExitCode} before it listened: {string.Join('\n', said)}");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) Counters.Stop();
        await _rest;
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
