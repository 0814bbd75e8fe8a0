using System.Runtime.InteropServices;

namespace Throughline.Tests.Server;

/// <summary>The real server as a process of its own, on free ports unless told otherwise. Owned by its test; killed when it is still there at the end.</summary>
internal sealed class ServerProcess : IDisposable
{
    private const int SigTerm = 15;

    private readonly System.Diagnostics.Process _process;
    private readonly Task<string> _errors;
    private Task<string> _output = Task.FromResult("");

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
        if (await server.InTimeAsync("listen", server._process.StandardOutput.ReadLineAsync()) is not { } line)
        {
            var (code, _, errors) = await server.WaitAsync();
            Assert.Fail($"The server ended with exit code {code} before it listened: {errors}");
            throw new InvalidOperationException();
        }
        // The rest of the output is read at once, so that a full pipe never holds the server up.
        server._output = server._process.StandardOutput.ReadToEndAsync();
        server.ListeningLine = line;
        return server;
    }

    /// <summary>Runs a server that is expected to end by itself.</summary>
    internal static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var server = new ServerProcess(Start(arguments));
        server._output = server._process.StandardOutput.ReadToEndAsync();
        return await server.WaitAsync();
    }

    /// <summary>SIGKILL: the process has no chance to do anything.</summary>
    internal void Kill() => _process.Kill();

    /// <summary>Asks the server to end, as an operator does, and waits until it has; the output is what came after its line.</summary>
    internal Task<(int Code, string Output, string Errors)> TerminateAsync()
    {
        Assert.Equal(0, SendSignal(_process.Id, SigTerm));
        return WaitAsync();
    }

    /// <summary>Waits until the server has ended; the output is what came after its line.</summary>
    internal Task<(int Code, string Output, string Errors)> WaitAsync()
    {
        return InTimeAsync("end", EndAsync());

        async Task<(int, string, string)> EndAsync()
        {
            await _process.WaitForExitAsync();
            return (_process.ExitCode, await _output, await _errors);
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        if (!_process.WaitForExit(Patience.Limit)) throw new TimeoutException($"The server is there {Patience.Limit.TotalMinutes} minutes after it was killed.");
        _process.Dispose();
    }

    private static System.Diagnostics.Process Start(string[] arguments)
    {
        var start = new System.Diagnostics.ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
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

    /// <summary>Waits for something that the server does; when it does not, it is killed, and its last words are the message.</summary>
    private async Task<T> InTimeAsync<T>(string does, Task<T> done)
    {
        try
        {
            return await done.WaitAsync(Patience.Limit);
        }
        catch (TimeoutException)
        {
            _process.Kill(entireProcessTree: true);
            Assert.Fail($"The server did not {does} within {Patience.Limit.TotalMinutes} minutes. It said: {await _output.WaitAsync(Patience.Limit)}{await _errors.WaitAsync(Patience.Limit)}");
            throw;
        }
    }

    private string Part(string name) => ListeningLine.Split(' ').Single(p => p.StartsWith(name + "=", StringComparison.Ordinal))[(name.Length + 1)..];

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int SendSignal(int processId, int signal);
}
