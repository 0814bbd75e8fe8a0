using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using Throughline.Telemetry.Profiling;

namespace Throughline.Telemetry;

/// <summary>The one call that a .NET service makes to be traced: incoming and outgoing HTTP, its own spans, logs and metrics, sent by OTLP.</summary>
public static class ThroughlineTelemetryExtensions
{
    /// <summary>
    /// Records the spans of this service under <paramref name="serviceName"/> and sends them by OTLP, and its logs and metrics where the
    /// configuration says where to. Works in a web application and in a plain host. Context travels as W3C <c>traceparent</c>,
    /// <c>tracestate</c> and <c>baggage</c>; sampling is parent-based and consistent (<c>OTEL_TRACES_SAMPLER</c>). What is still queued
    /// when the host is disposed of, as its <c>RunAsync</c> does at the end, is sent before it goes. With <c>OTEL_SDK_DISABLED=true</c> nothing is added at all.
    /// </summary>
    /// <remarks>
    /// Call it after <c>Logging.ClearProviders()</c>, which would take the log exporter away. One process is one service: two in one
    /// process would send each other's spans under the wrong name, so a second call is an error.
    /// </remarks>
    /// <exception cref="InvalidOperationException">It was called before, or the configuration has a value that can't be used.</exception>
    public static IHostApplicationBuilder AddThroughline(
        this IHostApplicationBuilder builder, string serviceName, Action<ThroughlineTelemetryOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(serviceName);
        if (builder.Services.Any(service => service.ServiceType == typeof(TracedService)))
            throw new InvalidOperationException($"AddThroughline was called before; '{serviceName}' would be a second service in one process.");
        builder.Services.AddSingleton(new TracedService(serviceName));

        var options = new ThroughlineTelemetryOptions();
        configure?.Invoke(options);
        var configuration = builder.Configuration;
        if (!options.AcceptBaggage) builder.Services.AddTransient<IStartupFilter, StrangeBaggage>();
        if (IsDisabled(configuration)) return builder;

        builder.Logging.Configure(logging => logging.ActivityTrackingOptions |= ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId);
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => ServiceResource.Describe(resource, serviceName, options.ServiceVersion))
            .WithTracing(tracing => SpanExport.Add(tracing, serviceName, options, configuration));
        builder.AddProfiles(serviceName);
        var (logs, metrics) = (OtlpTarget.IsWanted(OtlpSignal.Logs, configuration), OtlpTarget.IsWanted(OtlpSignal.Metrics, configuration));
        if (!logs && !metrics) return builder;

        var late = new LateLogger();
        if (logs) LogExport.Add(telemetry, options, late, configuration);
        if (metrics) MetricExport.Add(telemetry, serviceName, options, late, configuration);
        builder.Services.AddHostedService(services => new SignalLife(
            late, services.GetRequiredService<ILoggerFactory>(), services.GetService<LoggerProvider>(), services.GetService<MeterProvider>()));
        return builder;
    }

    /// <summary>The OpenTelemetry specification, "General SDK Configuration": anything but <c>true</c>, in any case, is false.</summary>
    private static bool IsDisabled(IConfiguration configuration) =>
        string.Equals(configuration["OTEL_SDK_DISABLED"]?.Trim(), "true", StringComparison.OrdinalIgnoreCase);

    /// <summary>Marks a host as traced, under a name.</summary>
    private sealed record TracedService(string Name);
}
