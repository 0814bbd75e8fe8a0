using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Throughline.Tests.Pipeline;

/// <summary>A real process of ours: started with its options, asked to end as Ctrl-C or a service manager would, killed when it won't.</summary>
internal sealed partial class PipelineProcess : IAsyncDisposable
{
    private const int SigTerm = 15;

    private readonly string _name;
    private readonly Process _process;
    private readonly List<string> _lines = [];
    private readonly Lock _gate = new();
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private PipelineProcess(string name, Process process) => (_name, _process) = (name, process);

    public static PipelineProcess Start(string program, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [program, .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false,
        };
        foreach (var (key, value) in environment) start.Environment[key] = value;
        var process = new PipelineProcess(Path.GetFileNameWithoutExtension(program), new Process { StartInfo = start });
        process._process.OutputDataReceived += (_, line) => process.Keep(line.Data);
        process._process.ErrorDataReceived += (_, line) => process.Keep(line.Data);
        process._process.Start();
        process._process.BeginOutputReadLine();
        process._process.BeginErrorReadLine();
        return process;
    }

    public int Id => _process.Id;

    public string Output
    {
        get
        {
            lock (_gate) return string.Join('\n', _lines);
        }
    }

    /// <summary>How many lines of the output match by now.</summary>
    public int Count(Regex pattern)
    {
        lock (_gate) return _lines.Count(pattern.IsMatch);
    }

    /// <summary>Waits for a line of the output that matches, the first one or another, and fails with the whole output if the process ends before it.</summary>
    public async Task<Match> LineAsync(Regex pattern, int number = 1)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        var ended = _process.WaitForExitAsync(limit.Token);
        while (true)
        {
            Task news;
            lock (_gate)
            {
                if (_lines.Select(line => pattern.Match(line)).Where(match => match.Success).ElementAtOrDefault(number - 1) is { } found) return found;
                news = _news.Task;
            }
            await Task.WhenAny(news, ended);
            if (!news.IsCompleted)
                Assert.Fail($"{_name} ended or said no line that matches '{pattern}' in {Patience.Limit.TotalMinutes} minutes. Its output:\n{Output}");
        }
    }

    /// <summary>Waits for the process to end by itself and answers its exit code.</summary>
    public async Task<int> EndAsync()
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{_name} did not end within {Patience.Limit.TotalMinutes} minutes. Its output:\n{Output}");
        }
        return _process.ExitCode;
    }

    /// <summary>Asks the process to end, as Ctrl-C would, and answers its exit code.</summary>
    public Task<int> StopAsync()
    {
        if (!_process.HasExited && Kill(_process.Id, SigTerm) != 0)
            Assert.Fail($"{_name} could not be signalled: error {Marshal.GetLastPInvokeError()}.");
        return EndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        using (_process)
        {
            if (_process.HasExited) return;
            _process.Kill(entireProcessTree: true);
            await EndAsync();
        }
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_gate)
        {
            _lines.Add(line);
            var told = _news;
            _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
            told.SetResult();
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
