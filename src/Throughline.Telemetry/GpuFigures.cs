using System.ComponentModel;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Throughline.Telemetry;

/// <summary>
/// What the driver's own tool says about each NVIDIA GPU, as the metrics <c>hw.gpu.utilization</c> (0 to 1), <c>hw.gpu.memory.usage</c> and
/// <c>hw.gpu.memory.limit</c> (bytes) of OpenTelemetry's conventions for hardware. Where the tool isn't there, that is logged once and there are
/// no such metrics. Asked every ten seconds, beside the metrics' reader, which must not wait for it. Owned by the host; thread-safe.
/// </summary>
internal sealed class GpuFigures : BackgroundService
{
    public const string Program = "nvidia-smi";

    private const double Mebibyte = 1024 * 1024;

    private static readonly TimeSpan s_between = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);
    private static readonly string[] s_arguments = ["--query-gpu=uuid,name,utilization.gpu,memory.used,memory.total", "--format=csv,noheader,nounits"];

    private readonly string _program;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Meter _meter = new(ExportLedger.MeterName);
    private volatile IReadOnlyList<Gpu> _gpus = [];

    public GpuFigures(string program, ILogger logger, TimeProvider time)
    {
        (_program, _logger, _time) = (program, logger, time);
        _meter.CreateObservableGauge("hw.gpu.utilization", () => Measure(gpu => gpu.Utilization), "1", "Share of time that the GPU was busy.");
        _meter.CreateObservableGauge("hw.gpu.memory.usage", () => Measure(gpu => gpu.UsedBytes), "By", "Memory of the GPU in use.");
        _meter.CreateObservableGauge("hw.gpu.memory.limit", () => Measure(gpu => gpu.TotalBytes), "By", "Memory of the GPU.");
    }

    public override void Dispose()
    {
        _meter.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_between, _time);
        var working = true;
        do
        {
            try
            {
                _gpus = Parse(await AskAsync(stoppingToken));
                working = true;
            }
            catch (Win32Exception)
            {
                _gpus = [];
                _logger.LogInformation("There is no {Program} on this machine, so no figures of a GPU are sent.", _program);
                return;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception problem)
            {
                // The boundary between these figures and the service: the ones are missing, the other goes on.
                _gpus = [];
                if (working) _logger.LogWarning("No figures of a GPU are sent while {Program} fails: {Problem}", _program, problem.Message);
                working = false;
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>One line a GPU: id, name, per cent, MiB, MiB. What the driver can't tell is <c>[N/A]</c> and left out.</summary>
    internal static IReadOnlyList<Gpu> Parse(string output)
    {
        var gpus = new List<Gpu>();
        foreach (var line in output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split(',', StringSplitOptions.TrimEntries) is not [var id, var name, var busy, var used, var total])
                throw new InvalidDataException($"'{line}' is not what was asked for.");
            gpus.Add(new(id, name, Number(busy) / 100, Number(used) * Mebibyte, Number(total) * Mebibyte));
        }
        return gpus;

        static double? Number(string text) =>
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    private async Task<string> AskAsync(CancellationToken stopping)
    {
        var start = new ProcessStartInfo(_program, s_arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start) ?? throw new InvalidDataException("it was not started.");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(s_patience);
        try
        {
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return process.ExitCode == 0
                ? output
                : throw new InvalidDataException($"it ended with {process.ExitCode}: {(output + await errors).Trim()}");
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            stopping.ThrowIfCancellationRequested();
            throw new TimeoutException($"it said nothing within {s_patience.TotalSeconds} s.");
        }
    }

    private IEnumerable<Measurement<double>> Measure(Func<Gpu, double?> figure)
    {
        foreach (var gpu in _gpus)
            if (figure(gpu) is { } value)
                yield return new(value, new("hw.id", gpu.Id), new("hw.name", gpu.Name), new KeyValuePair<string, object?>("hw.vendor", "NVIDIA"));
    }

    /// <summary>One GPU at one moment; null is what the driver doesn't tell.</summary>
    internal sealed record Gpu(string Id, string Name, double? Utilization, double? UsedBytes, double? TotalBytes);
}
