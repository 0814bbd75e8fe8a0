using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace Throughline.Telemetry;

/// <summary>
/// Which metrics a service sends: those of every meter whose name starts with the service's, of HTTP in and out, the runtime's figures of
/// CPU, memory and garbage collection, and those of a GPU where there is one.
/// </summary>
internal static class MetricExport
{
    private const string IntervalKey = "OTEL_METRIC_EXPORT_INTERVAL";
    private const int DefaultIntervalMilliseconds = 60_000;

    /// <summary>Meters of .NET itself: <c>dotnet.process.cpu.time</c>, <c>dotnet.process.memory.working_set</c>, <c>http.server.request.duration</c> and their like.</summary>
    private static readonly string[] s_runtime = ["System.Runtime", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http"];

    public static void Add(OpenTelemetryBuilder telemetry, string serviceName, ThroughlineTelemetryOptions options, LateLogger logger, IConfiguration configuration)
    {
        var target = OtlpTarget.Options(OtlpSignal.Metrics, configuration, options);
        var (interval, temporality) = (Interval(configuration), Temporality(configuration));
        telemetry.WithMetrics(metrics => metrics
            .AddMeter([serviceName + "*", ExportLedger.MeterName, .. s_runtime, .. options.Meters])
            .AddReader(services =>
            {
                var ledger = new ExportLedger("metrics", int.MaxValue, target.Endpoint, logger, services.GetService<TimeProvider>() ?? TimeProvider.System);
                return new PeriodicExportingMetricReader(new CountedExporter(target, ledger), interval, Math.Min(interval, target.TimeoutMilliseconds))
                {
                    TemporalityPreference = temporality,
                };
            }));
        telemetry.Services.AddHostedService(services => new GpuFigures(
            GpuFigures.Program, services.GetRequiredService<ILoggerFactory>().CreateLogger(ExportLedger.MeterName),
            services.GetService<TimeProvider>() ?? TimeProvider.System));
    }

    private static int Interval(IConfiguration configuration) => configuration[IntervalKey] is not { Length: > 0 } text
        ? DefaultIntervalMilliseconds
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds > 0
            ? milliseconds
            : throw new InvalidOperationException($"{IntervalKey} is '{text}'; it has to be a number of milliseconds.");

    private static MetricReaderTemporalityPreference Temporality(IConfiguration configuration)
    {
        const string key = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
        return configuration[key]?.Trim().ToLowerInvariant() switch
        {
            null or "" or "cumulative" => MetricReaderTemporalityPreference.Cumulative,
            "delta" => MetricReaderTemporalityPreference.Delta,
            var other => throw new InvalidOperationException($"{key} is '{other}'; this exporter knows 'cumulative' and 'delta'."),
        };
    }

    /// <summary>Counts what isn't taken. Cumulative figures lose nothing but a point in time: the next request has them whole. Called by one thread, the reader's.</summary>
    private sealed class CountedExporter(ReceiverOptions target, ExportLedger ledger) : OtlpMetricExporter(target)
    {
        private readonly ExporterComplaints _complaints = new();

        public override ExportResult Export(in Batch<Metric> metrics)
        {
            var count = (int)metrics.Count;
            _complaints.Begin();
            target.Answer?.Begin();
            var result = base.Export(metrics);
            if (result != ExportResult.Success) ledger.Refused(count, _complaints.Last);
            // What it refuses is counted in points, of which a metric may have many.
            else if (target.Answer is { Rejected: > 0 } answer) ledger.Refused(Math.Min(answer.Rejected, count), answer.Reason);
            return result;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) _complaints.Dispose();
            base.Dispose(disposing);
        }
    }
}
