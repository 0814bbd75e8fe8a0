using System.Globalization;
using System.Text;
using System.Text.Json;
using Throughline.Engine.Model;
using Throughline.Engine.Query;

namespace Throughline.Server.Api.Native;

/// <summary>
/// What the rows of a trace say of the models that they asked: tokens and the time to the first one (OpenTelemetry's semantic conventions for generative AI, and the older names of their attributes). Stateless.
/// </summary>
internal static class TraceGenerations
{
    private static readonly string[] Models = ["gen_ai.response.model", "gen_ai.request.model"];
    private static readonly string[] Inputs = ["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"];
    private static readonly string[] Outputs = ["gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"];
    private static readonly string[] FirstTokens = ["gen_ai.server.time_to_first_token", "gen_ai.response.time_to_first_chunk"];

    /// <summary>Writes <c>generations</c>: an element for each row that says how many tokens there were or when the first came.</summary>
    internal static void Write(Utf8JsonWriter json, TraceView trace, int[] rows)
    {
        json.WriteStartArray("generations"u8);
        var strings = trace.Spans.Strings;
        int[] Find(string[] keys) => [.. keys.Select(key => strings.Find(Encoding.UTF8.GetBytes(key))).Where(static id => id >= 0)];
        var (models, inputs, outputs, firsts) = (Find(Models), Find(Inputs), Find(Outputs), Find(FirstTokens));
        for (var i = 0; i < rows.Length && inputs.Length + outputs.Length + firsts.Length > 0; i++)
        {
            var (input, output, first) = (Number(trace, rows[i], inputs), Number(trace, rows[i], outputs), Number(trace, rows[i], firsts));
            if (input is null && output is null && first is null) continue;
            json.WriteStartObject();
            json.WriteNumber("row"u8, i);
            json.WriteText("model"u8, Text(trace, rows[i], models));
            WriteWhole(json, "inputTokens"u8, input);
            WriteWhole(json, "outputTokens"u8, output);
            // The attribute is in seconds.
            WriteWhole(json, "firstTokenNano"u8, first * 1e9);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>A number that is no amount (negative, not finite, beyond what a double holds exactly) says nothing.</summary>
    private static void WriteWhole(Utf8JsonWriter json, ReadOnlySpan<byte> name, double? value)
    {
        if (value is >= 0 and <= 1L << 53 and { } known) json.WriteNumber(name, (long)Math.Round(known));
        else json.WriteNull(name);
    }

    private static double? Number(TraceView trace, int row, int[] keys)
    {
        foreach (var key in keys)
        {
            if (IndexOf(trace, row, key) is not (var index and >= 0)) continue;
            var value = trace.Spans.Attributes.Value[index];
            switch ((AttributeType)trace.Spans.Attributes.Type[index])
            {
                case AttributeType.Int: return value;
                case AttributeType.Double: return BitConverter.Int64BitsToDouble(value);
                case AttributeType.String when double.TryParse(Encoding.UTF8.GetString(trace.Spans.Strings[(int)value]), NumberStyles.Float, CultureInfo.InvariantCulture, out var number): return number;
            }
        }
        return null;
    }

    private static string? Text(TraceView trace, int row, int[] keys)
    {
        foreach (var key in keys)
        {
            if (IndexOf(trace, row, key) is var index and >= 0 && trace.Spans.Attributes.Type[index] == (byte)AttributeType.String) return Encoding.UTF8.GetString(trace.Spans.Strings[(int)trace.Spans.Attributes.Value[index]]);
        }
        return null;
    }

    private static int IndexOf(TraceView trace, int row, int key)
    {
        var start = trace.Spans.AttributeOffset[row];
        var found = trace.Spans.Attributes.Key.Span[start..trace.Spans.AttributeOffset[row + 1]].IndexOf(key);
        return found < 0 ? -1 : start + found;
    }
}
