using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Trace;

namespace Throughline.Telemetry;

/// <summary>Which spans a service makes, what is put on each, and the way they take to the receiver.</summary>
internal static class SpanExport
{
    public static void Add(TracerProviderBuilder tracing, string serviceName, ThroughlineTelemetryOptions options, IConfiguration configuration)
    {
        var offset = ClockOffset.Read(configuration);
        tracing.AddSource([serviceName, serviceName + ".*", .. options.Sources]);
        SamplerSettings.Add(tracing, serviceName, configuration);
        AddServerSpans(tracing, options);
        AddClientSpans(tracing, options);
        if (options.BaggageAttributes.Count > 0) tracing.AddProcessor(new BaggageAttributes([.. options.BaggageAttributes], options.AcceptBaggage));
        if (offset != TimeSpan.Zero) tracing.AddProcessor(new ClockOffset(offset));
        if (!OtlpTarget.IsWanted(OtlpSignal.Traces, configuration)) return;
        var target = OtlpTarget.Options(OtlpSignal.Traces, configuration, options);
        var queue = QueueSettings.Read(configuration, options);
        tracing.AddProcessor(services => ExportQueue.Create(
            target, queue, options.DeliveryTimeout, services.GetRequiredService<ILoggerFactory>().CreateLogger(ExportLedger.MeterName),
            services.GetService<TimeProvider>() ?? TimeProvider.System));
    }

    private static void AddServerSpans(TracerProviderBuilder tracing, ThroughlineTelemetryOptions options) => tracing.AddAspNetCoreInstrumentation(server =>
    {
        server.Filter = context => !context.Request.Path.StartsWithSegments("/health");
        server.EnrichWithException = SpanFailure.Record;
        server.EnrichWithHttpResponse = (span, response) =>
        {
            // The SDK names the span when the request ends, so the endpoint's own name has to come after that.
            if (response.HttpContext.GetEndpoint()?.Metadata.GetMetadata<SpanName>() is { } name)
                span.DisplayName = name.Value;
        };
    });

    private static void AddClientSpans(TracerProviderBuilder tracing, ThroughlineTelemetryOptions options) => tracing.AddHttpClientInstrumentation(client =>
    {
        client.EnrichWithException = OutgoingCall.Fail;
        client.EnrichWithHttpRequestMessage = (span, request) =>
        {
            if (options.HttpClientSpanName is { } name) span.DisplayName = name;
            OutgoingCall.Begin(span, request);
        };
    }).AddProcessor(new OutgoingCall.ErrorTypes());
}
