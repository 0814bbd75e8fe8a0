using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Throughline.Tests.Pipeline;

/// <summary>
/// What <c>./run</c> makes of its options: which programs it starts and what it tells each. In the place of <c>dotnet</c> is a script that
/// writes down how it was called, so nothing is built and no service runs; those are started by the other tests.
/// </summary>
[Collection(nameof(FaultTests)), UnsupportedOSPlatform("windows")]
public sealed partial class LauncherTests : IDisposable
{
    private const int SigTerm = 15;

    private readonly string _folder = Directory.CreateTempSubdirectory("throughline-launcher-").FullName;

    private string Record => Path.Combine(_folder, "record");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("There are: detector-overload detector-down analyst-out-of-memory invalid-image slow-database", "--fault", "no-such-fault")]
    [InlineData("--fault needs a value", "--fault")]
    [InlineData("there is no fault ''", "--fault=")]
    [InlineData("the fault clock-skew needs a detector", "--fault", "clock-skew", "--fault", "detector-down")]
    [InlineData("--cameras is '0'; it has to be a whole number from 1.", "--cameras", "0")]
    [InlineData("--cameras is '1.5'", "--cameras=1.5")]
    [InlineData("--cameras is '1001'; 1000 are the most.", "--cameras", "1001")]
    [InlineData("--rate is '0.0'", "--rate", "0.0")]
    [InlineData("--rate is 'fast'; it has to be a number of images per second above 0", "--rate=fast")]
    [InlineData("--rate is '10000.5'; 10000 images per second are the most.", "--rate=10000.5")]
    public async Task WrongOptionIsRefusedBeforeAnythingIsStarted(string said, params string[] options)
    {
        var (code, output) = await RunToEndAsync(options);

        Assert.Equal(1, code);
        Assert.Contains(said, output);
        Assert.False(File.Exists(Record));
    }

    [Fact]
    public async Task HelpListsEveryFault()
    {
        var (code, output) = await RunToEndAsync("help");

        Assert.Equal(0, code);
        foreach (var fault in new[]
            { "detector-overload", "detector-down", "analyst-out-of-memory", "invalid-image", "slow-database", "lost-propagation", "clock-skew", "uninstrumented-hop" })
            Assert.Contains($"  {fault} ", output);
        Assert.Contains("so many cameras, 1 to 1000,", output);
        Assert.Contains("of all cameras together, up to 10000;", output);
    }

    [Theory]
    [InlineData("detector-overload", "hsi-backend", "--Detector:TimeoutSeconds 2")]
    [InlineData("detector-down", "hsi-backend", "--Detector:Url http://127.0.0.1:9 ")]
    [InlineData("clock-skew", "hsi-yolo26", "--Telemetry:ClockOffsetSeconds=-2")]
    [InlineData("uninstrumented-hop", "hsi-nemotron", "--OTEL_SDK_DISABLED true")]
    [InlineData("invalid-image", "hsi-camera", "--Fault invalid-image")]
    [InlineData("slow-database", "hsi-backend", "--Fault slow-database")]
    public async Task FaultIsToldToEveryServiceAndItsOwnPartToOne(string fault, string service, string options)
    {
        var (output, calls) = await RunUntilReadyAsync("--fault", fault);

        Assert.Contains($"fault: {fault} is on: ", output);
        var services = calls.Where(call => call.StartsWith("hsi-", StringComparison.Ordinal)).ToList();
        Assert.Equal(fault == "detector-down" ? 3 : 4, services.Count);
        Assert.All(services, call => Assert.Contains($" --Fault {fault}", call));
        Assert.Contains(options, Assert.Single(services, call => call.StartsWith(service, StringComparison.Ordinal)));
        if (!options.StartsWith("--Fault", StringComparison.Ordinal)) Assert.Single(services, call => call.Contains(options, StringComparison.Ordinal));
    }

    [Fact]
    public async Task SeveralFaultsAreToldTogetherAndNothingIsBuiltWhereThatIsAsked()
    {
        var (output, calls) = await RunUntilReadyAsync("--fault", "clock-skew", "--no-build", "--fault=slow-database", "--fault", "uninstrumented-hop");

        foreach (var fault in new[] { "clock-skew", "slow-database", "uninstrumented-hop" }) Assert.Contains($"fault: {fault} is on: ", output);
        Assert.All(calls.Where(call => call.StartsWith("hsi-", StringComparison.Ordinal)), call => Assert.Contains(" --Fault clock-skew,slow-database,uninstrumented-hop", call));
        Assert.Contains("--Telemetry:ClockOffsetSeconds=-2", Assert.Single(calls, call => call.StartsWith("hsi-yolo26", StringComparison.Ordinal)));
        Assert.Contains("--OTEL_SDK_DISABLED true", Assert.Single(calls, call => call.StartsWith("hsi-nemotron", StringComparison.Ordinal)));
        Assert.DoesNotContain(calls, call => call.Contains("build", StringComparison.Ordinal));
    }

    [Fact]
    public async Task CamerasAndRateGoToTheCamerasAndTheRestToTheServer()
    {
        var (output, calls) = await RunUntilReadyAsync("--cameras=50", "--http", "http://127.0.0.1:0", "--rate", "12.5");

        Assert.DoesNotContain("fault:", output);
        Assert.DoesNotContain(calls, call => call.Contains("--Fault", StringComparison.Ordinal));
        Assert.Contains("--Camera:Count 50 --Camera:Rate 12.5", Assert.Single(calls, call => call.StartsWith("hsi-camera", StringComparison.Ordinal)));
        var backend = Assert.Single(calls, call => call.StartsWith("hsi-backend", StringComparison.Ordinal));
        Assert.Contains(" --Cameras:camera-01 camera-01 ", backend);
        Assert.Contains(" --Cameras:camera-50 camera-50", backend);
        Assert.Equal(50, backend.Split("--Cameras:").Length - 1);
        var server = Assert.Single(calls, call => call.StartsWith("throughline", StringComparison.Ordinal));
        // Behind what it was told, the server learns where the backend's events are.
        Assert.Matches(@" --http http://127\.0\.0\.1:0 --page-trace-rate 1 --events-url http://127\.0\.0\.1:\d+/api/events$", server);
        Assert.DoesNotContain("cameras", server);
    }

    [Fact]
    public async Task BackendKnowsTheCamerasThatPlayAndNoOthers()
    {
        var (_, calls) = await RunUntilReadyAsync();

        var backend = Assert.Single(calls, call => call.StartsWith("hsi-backend", StringComparison.Ordinal)).Split(' ');
        var known = backend.Where(word => word.StartsWith("--Cameras:", StringComparison.Ordinal)).Select(word => word["--Cameras:".Length..]);
        var camera = Assert.Single(calls, call => call.StartsWith("hsi-camera", StringComparison.Ordinal)).Split(' ');
        Assert.Equal(["front_door", "driveway"], known);
        Assert.Equal("front_door,driveway", camera[Array.IndexOf(camera, "--Camera:Names") + 1]);
    }

    private async Task<(int Code, string Output)> RunToEndAsync(params string[] arguments)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        using var process = Start(arguments);
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output + await errors);
        }
        finally
        {
            End(process);
        }
    }

    /// <summary>Until it says that the page can be opened and has called the cameras, which it does not wait for; then it is stopped, and answers what it said and how it called each program.</summary>
    private async Task<(string Output, IReadOnlyList<string> Calls)> RunUntilReadyAsync(params string[] arguments)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        using var process = Start(arguments);
        try
        {
            var said = new List<string>();
            while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            {
                said.Add(line);
                if (line.StartsWith("open ", StringComparison.Ordinal)) break;
            }
            using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
            while (!process.HasExited && !(await File.ReadAllTextAsync(Record, limit.Token)).Contains("hsi-camera", StringComparison.Ordinal))
                await tick.WaitForNextTickAsync(limit.Token);
            // Ready or ended: its own words are the message then.
            if (!process.HasExited) _ = Kill(process.Id, SigTerm);
            var errors = await process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            Assert.True(said.Count > 0 && said[^1].StartsWith("open ", StringComparison.Ordinal), string.Join('\n', [.. said, errors]));
            return (string.Join('\n', said), await File.ReadAllLinesAsync(Record, limit.Token));
        }
        finally
        {
            End(process);
        }
    }

    /// <summary>Nothing that the script started outlives its test.</summary>
    private static void End(Process process)
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
    }

    private Process Start(string[] arguments)
    {
        var stand = Path.Combine(_folder, "dotnet");
        File.WriteAllText(stand, """
            #!/usr/bin/env bash
            case "$1" in
              --list-sdks) echo "10.0.100 [/]"; exit ;;
              build) exit ;;
            esac
            case "$2" in convert-weights) exit 1 ;; esac
            name=$(basename "$1" .dll)
            echo "$name ${*:2}" >> "$RECORD"
            case $name in
              hsi-backend) [ "$OTEL_EXPORTER_OTLP_PROTOCOL $OTEL_EXPORTER_OTLP_ENDPOINT" = "http/protobuf http://127.0.0.1:3/" ] || exit 9 ;;&
              throughline) echo "listening: http=http://127.0.0.1:1/ otlp-grpc=http://127.0.0.1:2/ otlp-http=http://127.0.0.1:3/" ;;
              hsi-camera) ;;
              *) echo "$name listening: http=http://127.0.0.1:4" ;;
            esac
            exec tail -f /dev/null
            """);
        File.SetUnixFileMode(stand, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var root = typeof(LauncherTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(entry => entry.Key == "RepoRoot").Value ?? "";
        var start = new ProcessStartInfo(Path.Combine(root, "run"), arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false,
        };
        start.Environment["PATH"] = $"{_folder}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["RECORD"] = Record;
        // What set-up fetched, and the logs of a pipeline that runs, are none of these tests' business.
        var (model, frames) = (Path.Combine(_folder, "model.onnx"), Directory.CreateDirectory(Path.Combine(_folder, "frames")).FullName);
        File.WriteAllText(model, "");
        File.WriteAllText(Path.Combine(frames, "00001.jpg"), "");
        (start.Environment["HSI_MODEL"], start.Environment["HSI_FRAMES"], start.Environment["HSI_LOGS"]) = (model, frames, Path.Combine(_folder, "logs"));
        return Process.Start(start) ?? throw new InvalidOperationException("bash could not be started.");
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
