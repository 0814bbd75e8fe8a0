using System.Reflection;
using System.Text.Json;
using Throughline.Server.Configuration;

namespace Throughline.Server.Api.Native;

/// <summary>GET /api/v1/config: what the page must know of this server. Thread safe.</summary>
public sealed class ConfigEndpoint(string? grafana, Uri? jaeger, string? events, LaneThresholds lanes, Func<(string Http, string Grpc)> otlp)
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
