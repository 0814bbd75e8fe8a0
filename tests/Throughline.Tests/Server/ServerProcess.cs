using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Throughline.Tests.Server;

/// <summary>The real server as a process of its own, on free ports unless told otherwise. Owned by its test; killed when it is still there at the end.</summary>
internal sealed class ServerProcess : IDisposable
{
    private const int SigTerm = 15;

    private readonly System.Diagnostics.Process _process;
    private readonly Task<string> _errors;

    private ServerProcess(System.Diagnostics.Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>What the server said when it was ready.</summary>
    internal string ListeningLine { get; private set; } = "";

    internal string Http => Part("http");

    internal string OtlpHttp => Part("otlp-http");

    internal string OtlpGrpc => Part("otlp-grpc");

    /// <summary>Starts a server and waits for its line.</summary>
    internal static async Task<ServerProcess> StartAsync(params string[] arguments)
    {
        var server = new ServerProcess(Start(arguments));
        var line = await server._process.StandardOutput.ReadLineAsync();
        if (line is null) Assert.Fail($"The server ended before it listened: {await server._errors}");
        server.ListeningLine = line;
        return server;
    }

    /// <summary>Runs a server that is expected to end by itself.</summary>
    internal static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var server = new ServerProcess(Start(arguments));
        return await server.WaitAsync();
    }

    /// <summary>Asks the server to end and waits until it has; the output is what came after its line.</summary>
    internal async Task<(int Code, string Output, string Errors)> TerminateAsync()
    {
        Assert.Equal(0, Kill(_process.Id, SigTerm));
        return await WaitAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }

    private static System.Diagnostics.Process Start(string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "throughline.dll"));
        start.ArgumentList.Add("server");
        foreach (var port in new[] { "--http", "--otlp-grpc", "--otlp-http" })
        {
            if (arguments.Contains(port)) continue;
            start.ArgumentList.Add(port);
            start.ArgumentList.Add("http://127.0.0.1:0");
        }
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        return System.Diagnostics.Process.Start(start) ?? throw new InvalidOperationException("No process was started.");
    }

    private async Task<(int Code, string Output, string Errors)> WaitAsync()
    {
        var output = await _process.StandardOutput.ReadToEndAsync();
        await _process.WaitForExitAsync();
        return (_process.ExitCode, output, await _errors);
    }

    private string Part(string name) => ListeningLine.Split(' ').Single(p => p.StartsWith(name + "=", StringComparison.Ordinal))[(name.Length + 1)..];

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int processId, int signal);
}
