using System.Globalization;
using Microsoft.Extensions.Configuration;
using OpenTelemetry.Exporter;

namespace Throughline.Telemetry;

/// <summary>A kind of data that OTLP carries: its name in the variables, its path over HTTP, and whether it is sent without being asked for. Immutable.</summary>
internal sealed record OtlpSignal(string Name, string Path, bool OnByDefault)
{
    public static readonly OtlpSignal Traces = new("TRACES", "/v1/traces", OnByDefault: true);

    /// <summary>Off unless configured: where traces go need not take logs, and every refused request would be a complaint. Throughline takes them.</summary>
    public static readonly OtlpSignal Logs = new("LOGS", "/v1/logs", OnByDefault: false);

    /// <summary>Off unless configured: a receiver that does not take them would refuse every request.</summary>
    public static readonly OtlpSignal Metrics = new("METRICS", "/v1/metrics", OnByDefault: false);
}

/// <summary>
/// Where a signal goes, and how, by the variables of the OTLP exporter specification ("Configuration Options"). The SDK reads them from
/// the environment only; here they count wherever the host's configuration has them (environment, command line, file).
/// </summary>
internal static class OtlpTarget
{
    /// <summary>Whether a signal is exported: <c>OTEL_LOGS_EXPORTER</c> says so, or <c>OTEL_EXPORTER_OTLP_LOGS_ENDPOINT</c> says where to.</summary>
    public static bool IsWanted(OtlpSignal signal, IConfiguration configuration)
    {
        var key = $"OTEL_{signal.Name}_EXPORTER";
        return configuration[key]?.Trim() switch
        {
            null or "" => signal.OnByDefault || Of(signal, "ENDPOINT", configuration).Own,
            "otlp" => true,
            "none" => false,
            var other => throw new InvalidOperationException($"{key} is '{other}'; this exporter knows 'otlp' and 'none'."),
        };
    }

    public static ReceiverOptions Options(OtlpSignal signal, IConfiguration configuration, ThroughlineTelemetryOptions options)
    {
        var exporter = Target(signal, configuration, options);
        // The SDK's own client knows the certificates of its variables, which this one has no need of.
        if (exporter.Endpoint.Scheme == Uri.UriSchemeHttp) exporter.HttpClientFactory = () => Client(exporter);
        return exporter;
    }

    /// <summary>
    /// The client of a plain address without what sending has no use for (cookies, redirections, and spans and metrics of its own), each of
    /// which is looked after with every request.
    /// </summary>
    private static HttpClient Client(ReceiverOptions exporter) =>
        new(exporter.Answer = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, ActivityHeadersPropagator = null }))
        {
            Timeout = TimeSpan.FromMilliseconds(exporter.TimeoutMilliseconds),
        };

    private static ReceiverOptions Target(OtlpSignal signal, IConfiguration configuration, ThroughlineTelemetryOptions options)
    {
        var exporter = new ReceiverOptions { Protocol = Protocol(signal, configuration, options) };
        var (headers, _, _) = Of(signal, "HEADERS", configuration);
        if (headers is not null) exporter.Headers = headers;
        if (Of(signal, "TIMEOUT", configuration) is { Value: { } limit, Key: var key })
            exporter.TimeoutMilliseconds = int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds > 0
                ? milliseconds
                : throw new InvalidOperationException($"{key} is '{limit}'; it has to be a number of milliseconds.");

        var endpoint = Of(signal, "ENDPOINT", configuration);
        if (endpoint is { Own: true, Value: { } exact } && (options.Endpoint is null || !signal.OnByDefault))
        {
            // A signal's own endpoint is taken as it is.
            exporter.Endpoint = Address(exact, endpoint.Key);
            return exporter;
        }
        var general = options.Endpoint ?? (endpoint.Value is { } text ? Address(text, endpoint.Key) : null);
        if (general is not null)
            exporter.Endpoint = exporter.Protocol == OtlpExportProtocol.HttpProtobuf
                ? new Uri(general.AbsoluteUri.TrimEnd('/') + signal.Path)
                : general;
        return exporter;
    }

    private static OtlpExportProtocol Protocol(OtlpSignal signal, IConfiguration configuration, ThroughlineTelemetryOptions options)
    {
        var (value, key, own) = Of(signal, "PROTOCOL", configuration);
        if (options.Protocol is { } chosen && (!own || signal.OnByDefault)) return chosen;
        return value switch
        {
            null or "grpc" => OtlpExportProtocol.Grpc,
            "http/protobuf" => OtlpExportProtocol.HttpProtobuf,
            _ => throw new InvalidOperationException($"{key} is '{value}'; this exporter speaks 'grpc' and 'http/protobuf'."),
        };
    }

    /// <summary>The signal's own variable, else the one for all of them. An empty one counts as unset.</summary>
    private static (string? Value, string Key, bool Own) Of(OtlpSignal signal, string what, IConfiguration configuration)
    {
        var (own, general) = ($"OTEL_EXPORTER_OTLP_{signal.Name}_{what}", $"OTEL_EXPORTER_OTLP_{what}");
        if (configuration[own] is { Length: > 0 } value) return (value, own, true);
        return (configuration[general] is { Length: > 0 } shared ? shared : null, general, false);
    }

    private static Uri Address(string text, string key) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new InvalidOperationException($"{key} is '{text}'; it has to be an address like http://127.0.0.1:4317.");
}
