using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Throughline.Telemetry.Profiling;

namespace Throughline.Telemetry;

/// <summary>The one call that a .NET service makes to be traced: incoming and outgoing HTTP, its own spans, sent by OTLP.</summary>
public static class ThroughlineTelemetryExtensions
{
    /// <summary>
    /// Records the spans of this service under <paramref name="serviceName"/> and sends them by OTLP. Context travels as W3C
    /// <c>traceparent</c> and <c>tracestate</c>; sampling is the SDK's parent-based one (<c>OTEL_TRACES_SAMPLER</c>). Spans still
    /// queued when the host stops are sent before it ends. One process is one service: a second call in a process would send
    /// each other's spans under the wrong name.
    /// </summary>
    public static IHostApplicationBuilder AddThroughlineTelemetry(
        this IHostApplicationBuilder builder, string serviceName, Action<ThroughlineTelemetryOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(serviceName);
        var options = new ThroughlineTelemetryOptions();
        configure?.Invoke(options);
        var exporter = ExporterOptions(builder.Configuration, options);

        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource
                .AddService(serviceName, serviceVersion: options.ServiceVersion ?? EntryVersion())
                .AddAttributes([new("host.name", Environment.MachineName), new("process.pid", Environment.ProcessId)]))
            .WithTracing(tracing => tracing
                .AddSource([serviceName, serviceName + ".*", .. options.Sources])
                .AddAspNetCoreInstrumentation(server =>
                {
                    server.Filter = context => !context.Request.Path.StartsWithSegments("/health");
                    server.RecordException = true;
                    server.EnrichWithHttpResponse = (span, response) =>
                    {
                        // The SDK names the span when the request ends, so the endpoint's own name has to come after that.
                        if (response.HttpContext.GetEndpoint()?.Metadata.GetMetadata<SpanName>() is { } name)
                            span.DisplayName = name.Value;
                    };
                })
                .AddHttpClientInstrumentation(client =>
                {
                    client.RecordException = true;
                    client.EnrichWithHttpRequestMessage = (span, request) =>
                    {
                        if (options.HttpClientSpanName is { } name) span.DisplayName = name;
                        OutgoingCall.CopyTags(request, span);
                    };
                })
                .AddProcessor(services => ExportQueue.Create(
                    exporter, options, services.GetRequiredService<ILoggerFactory>().CreateLogger("Throughline.Telemetry"),
                    services.GetService<TimeProvider>() ?? TimeProvider.System)));
        builder.AddProfiles(serviceName);
        return builder;
    }

    /// <summary>
    /// The SDK reads its variables from the environment only; here they count wherever the host's configuration has them
    /// (environment, command line, file), with the paths and defaults of the OTLP exporter specification, "Configuration Options".
    /// </summary>
    internal static OtlpExporterOptions ExporterOptions(IConfiguration configuration, ThroughlineTelemetryOptions options)
    {
        var exporter = new OtlpExporterOptions();
        var protocol = configuration["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] ?? configuration["OTEL_EXPORTER_OTLP_PROTOCOL"];
        exporter.Protocol = options.Protocol ?? protocol switch
        {
            null or "" or "grpc" => OtlpExportProtocol.Grpc,
            "http/protobuf" => OtlpExportProtocol.HttpProtobuf,
            _ => throw new InvalidOperationException(
                $"OTEL_EXPORTER_OTLP_PROTOCOL is '{protocol}'; this exporter speaks 'grpc' and 'http/protobuf'."),
        };
        if (configuration["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] is { Length: > 0 } exact && options.Endpoint is null)
        {
            exporter.Endpoint = Address(exact, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
            return exporter;
        }
        var general = options.Endpoint
            ?? (configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 } text ? Address(text, "OTEL_EXPORTER_OTLP_ENDPOINT") : null);
        if (general is not null)
            exporter.Endpoint = exporter.Protocol == OtlpExportProtocol.HttpProtobuf
                ? new Uri(general.AbsoluteUri.TrimEnd('/') + "/v1/traces")
                : general;
        return exporter;
    }

    private static Uri Address(string text, string key) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new InvalidOperationException($"{key} is '{text}'; it has to be an address like http://127.0.0.1:4317.");

    private static string? EntryVersion() =>
        Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0];
}
