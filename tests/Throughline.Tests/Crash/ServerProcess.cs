using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Throughline.Tests.Crash;

/// <summary>The real server as a process of its own, on free ports. Disposing kills it.</summary>
internal sealed partial class ServerProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;

    private ServerProcess(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Address of the page's port.</summary>
    public Uri Http { get; private set; } = new("http://unset");

    /// <summary>Address of OTLP over HTTP.</summary>
    public Uri OtlpHttp { get; private set; } = new("http://unset");

    /// <summary>Starts a server and waits until it listens.</summary>
    public static async Task<ServerProcess> StartAsync(string data, params string[] options)
    {
        var server = Launch(data, options);
        while (await server._process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (ListeningLine().Match(line) is not { Success: true } match)
                continue;
            server.Http = new Uri(match.Groups["http"].Value);
            server.OtlpHttp = new Uri(match.Groups["otlp"].Value);
            // The rest of the output is read, so that a full pipe never holds the server up.
            _ = server._process.StandardOutput.ReadToEndAsync();
            return server;
        }
        var (exitCode, errors) = await server.WaitForExitAsync();
        server.Dispose();
        throw new InvalidOperationException($"the server ended with exit code {exitCode} before it listened: {errors}");
    }

    /// <summary>Runs a server that is expected to refuse to start; its exit code and what it said.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(string data, params string[] options)
    {
        using var server = Launch(data, options);
        var output = await server._process.StandardOutput.ReadToEndAsync();
        var (exitCode, errors) = await server.WaitForExitAsync();
        return (exitCode, output, errors);
    }

    /// <summary>SIGKILL: the process has no chance to do anything.</summary>
    public void Kill() => _process.Kill();

    /// <summary>SIGTERM, as an operator's stop.</summary>
    public void Terminate()
    {
        const int sigterm = 15;
        if (SendSignal(_process.Id, sigterm) != 0)
            throw new InvalidOperationException($"kill failed with errno {Marshal.GetLastPInvokeError()}");
    }

    public async Task<(int ExitCode, string Errors)> WaitForExitAsync()
    {
        await _process.WaitForExitAsync();
        return (_process.ExitCode, await _errors);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static ServerProcess Launch(string data, string[] options)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "throughline.dll"), "server", "--data", data,
            "--http", "http://127.0.0.1:0", "--otlp-grpc", "http://127.0.0.1:0", "--otlp-http", "http://127.0.0.1:0", .. options,
        ];
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return new ServerProcess(Process.Start(start) ?? throw new InvalidOperationException("no process was started"));
    }

    [GeneratedRegex(@"^listening: http=(?<http>\S+) otlp-grpc=\S+ otlp-http=(?<otlp>\S+)$")]
    private static partial Regex ListeningLine();

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int SendSignal(int process, int signal);
}
