using System.Reflection;
using System.Text.Json;
using Throughline.Server.Configuration;

namespace Throughline.Server.Api.Native;

/// <summary>GET /api/v1/config: what the page must know of this server. Thread safe.</summary>
public sealed class ConfigEndpoint(string? grafana, Uri? jaeger, string? events, PageTracing? tracing, LaneThresholds lanes, Func<(string Http, string Grpc)> otlp)
{
    /// <summary>The version of this server.</summary>
    public static string Version { get; } = typeof(ConfigEndpoint).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";

    internal void Write(Utf8JsonWriter json)
    {
        var (http, grpc) = otlp();
        json.WriteStartObject();
        json.WriteString("version"u8, Version);
        json.WriteText("grafana_url"u8, grafana);
        json.WriteText("jaeger_url"u8, jaeger?.OriginalString);
        json.WriteText("events_path"u8, events);
        if (tracing is null) json.WriteNull("page_traces"u8);
        else
        {
            json.WriteStartObject("page_traces"u8);
            json.WriteString("path"u8, tracing.Path);
            json.WriteNumber("rate"u8, tracing.Rate);
            json.WriteEndObject();
        }
        json.WriteStartObject("otlp"u8);
        json.WriteString("http"u8, http);
        json.WriteString("grpc"u8, grpc);
        json.WriteEndObject();
        json.WriteStartObject("lanes"u8);
        foreach (var (kind, threshold) in lanes.All)
        {
            json.WriteStartObject(kind);
            WriteThreshold(json, "saturated"u8, threshold.Saturated);
            WriteThreshold(json, "starved"u8, threshold.Starved);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteThreshold(Utf8JsonWriter json, ReadOnlySpan<byte> name, double? value)
    {
        if (value is { } known) json.WriteNumber(name, known);
        else json.WriteNull(name);
    }
}

/// <summary>How the page traces itself. Immutable.</summary>
/// <param name="Path">Where on this server its spans go.</param>
/// <param name="Rate">The share of its traces that are recorded, above 0 and up to 1.</param>
public sealed record PageTracing(string Path, double Rate);
