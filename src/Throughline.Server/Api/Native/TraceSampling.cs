using System.Globalization;
using System.Text;
using System.Text.Json;
using Throughline.Engine.Query;

namespace Throughline.Server.Api.Native;

/// <summary>
/// Which services of a trace say that they keep only a share of their traces: by the threshold in the trace state, <c>ot=th:</c> (OpenTelemetry specification, "TraceState: Probability Sampling"). Stateless.
/// </summary>
internal static class TraceSampling
{
    /// <summary>Digits of a threshold that is written out.</summary>
    private const int Digits = 14;

    /// <summary>Writes <c>sampling</c>: of each service that sampled, by its number in <paramref name="service"/> (one for each of the rows), the smallest share kept and the spans that say so.</summary>
    internal static void Write(Utf8JsonWriter json, TraceView trace, int[] rows, int[] service)
    {
        var spans = trace.Spans;
        var shares = new Dictionary<int, double?>();
        var services = new SortedDictionary<int, (double Share, int Spans)>();
        for (var i = 0; i < rows.Length; i++)
        {
            var state = spans.TraceState[rows[i]];
            if (!shares.TryGetValue(state, out var share)) shares[state] = share = ShareOf(Encoding.UTF8.GetString(spans.Strings[state]));
            if (share is not { } kept || kept >= 1) continue;
            var so = services.GetValueOrDefault(service[i], (Share: 1, Spans: 0));
            services[service[i]] = (Math.Min(so.Share, kept), so.Spans + 1);
        }
        json.WriteStartArray("sampling"u8);
        foreach (var (number, (share, count)) in services)
        {
            json.WriteStartObject();
            json.WriteNumber("service"u8, number);
            json.WriteNumber("share"u8, share);
            json.WriteNumber("spans"u8, count);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>The share of traces that a trace state says was kept: above 0, at most 1; null when it says nothing that can be understood.</summary>
    internal static double? ShareOf(string traceState)
    {
        foreach (var member in traceState.Split(','))
        {
            var text = member.Trim();
            if (!text.StartsWith("ot=", StringComparison.Ordinal)) continue;
            foreach (var field in text[3..].Split(';'))
            {
                if (!field.StartsWith("th:", StringComparison.Ordinal)) continue;
                var threshold = field[3..];
                if (threshold.Length is 0 or > Digits || !ulong.TryParse(threshold.PadRight(Digits, '0'), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var rejected)) return null;
                return 1 - rejected / (double)(1L << 56);
            }
        }
        return null;
    }
}
