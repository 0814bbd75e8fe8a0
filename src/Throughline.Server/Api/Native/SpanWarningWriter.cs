using System.Globalization;
using System.Text.Json;
using Throughline.Engine.Model;
using Throughline.Engine.Query;

namespace Throughline.Server.Api.Native;

/// <summary>Says in words what a reader should know about a span.</summary>
internal static class SpanWarningWriter
{
    internal static void Write(Utf8JsonWriter json, TraceView trace, int row)
    {
        json.WriteStartArray("warnings"u8);
        var warnings = trace.Warnings[row];
        var spans = trace.Spans;
        if (warnings.HasFlag(SpanWarnings.EndBeforeStart))
            Write(json, "end_before_start", $"It ends {Text(spans.StartUnixNano[row] - spans.EndUnixNano[row])} before it starts, so it is shown without a duration.");
        if (warnings.HasFlag(SpanWarnings.ParentMissing))
            Write(json, "parent_missing", $"Its parent {new SpanId(spans.ParentSpanId[row])} is not in this trace.");
        if (warnings.HasFlag(SpanWarnings.Cycle))
            Write(json, "cycle", $"Following its parent {new SpanId(spans.ParentSpanId[row])} leads back to this span, so it is shown as a root.");
        if (warnings.HasFlag(SpanWarnings.SharedId))
            Write(json, "shared_id", $"Another span of this trace has the same id {new SpanId(spans.SpanId[row])} and other content.");
        if (warnings.HasFlag(SpanWarnings.StartsBeforeParent) && trace.ParentRow[row] is >= 0 and var parent && spans.StartUnixNano[parent] > spans.StartUnixNano[row])
        {
            Write(json, "starts_before_parent",
                $"It starts {Text(spans.StartUnixNano[parent] - spans.StartUnixNano[row])} before its parent {new SpanId(spans.SpanId[parent])}: the clocks of two machines may disagree.");
        }
        if (warnings.HasFlag(SpanWarnings.InvalidUtf8))
            Write(json, "invalid_utf8", "A text of it was not valid UTF-8; replacement characters stand for what could not be read.");
        if (warnings.HasFlag(SpanWarnings.Cut))
            Write(json, "cut", "Attributes of it were left out or shortened by this server's limits; dropped attributes are counted with it.");
        if (warnings.HasFlag(SpanWarnings.TraceFull))
            Write(json, "trace_full", "With this span the trace had as many as this server's limit allows: spans that came later are not stored.");
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string code, string message)
    {
        json.WriteStartObject();
        json.WriteString("code"u8, code);
        json.WriteString("message"u8, message);
        json.WriteEndObject();
    }

    private static string Text(ulong nano) => nano switch
    {
        < 1_000 => string.Create(CultureInfo.InvariantCulture, $"{nano} ns"),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{nano / 1e3:0.###} us"),
        < 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{nano / 1e6:0.###} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{nano / 1e9:0.###} s"),
    };
}
