using System.Text.Json;
using Throughline.Engine;
using Throughline.Engine.Profiles.Query;
using Throughline.Engine.Query;

namespace Throughline.Server.Api.Native;

/// <summary>Answers about profiles as JSON (docs/api.md, "Profiles"). Stateless.</summary>
internal static class ProfileWriter
{
    internal static void WriteServices(Utf8JsonWriter json, IReadOnlyList<(ProfiledType Type, string MatchedBy)> found, string? missing)
    {
        json.WriteStartObject();
        json.WriteStartArray("services"u8);
        foreach (var service in found.GroupBy(static one => one.Type.Service).OrderBy(static g => g.Key, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteString("service"u8, service.Key);
            json.WriteStartArray("types"u8);
            foreach (var (type, matchedBy) in service)
            {
                json.WriteStartObject();
                json.WriteString("type"u8, type.Type);
                json.WriteString("unit"u8, type.Unit);
                json.WriteLong("windows"u8, type.Windows);
                json.WriteLong("firstUnixNano"u8, type.FirstUnixNano);
                json.WriteLong("lastUnixNano"u8, type.LastUnixNano);
                json.WriteString("matchedBy"u8, matchedBy);
                if (type.Value is { } value) json.WriteLong("value"u8, value);
                else json.WriteNull("value"u8);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        WriteMissing(json, missing);
        json.WriteEndObject();
    }

    internal static async Task WriteLabelsAsync(JsonAnswer answer, IReadOnlyList<ProfiledLabel> labels, string? missing)
    {
        var json = answer.Writer;
        json.WriteStartObject();
        json.WriteStartArray("labels"u8);
        foreach (var label in labels)
        {
            json.WriteStartObject();
            json.WriteString("key"u8, label.Key);
            json.WriteNumber("count"u8, label.Count);
            json.WriteStartArray("values"u8);
            foreach (var value in label.Values)
            {
                json.WriteStartObject();
                json.WriteString("value"u8, value.Value);
                json.WriteLong("windows"u8, value.Windows);
                json.WriteEndObject();
                if (answer.IsPartFull) await answer.SendAsync();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        WriteMissing(json, missing);
        json.WriteEndObject();
    }

    internal static async Task WriteFlameAsync(JsonAnswer answer, ChosenProfiles chosen, FlameGraph flame, string? missing)
    {
        var json = answer.Writer;
        json.WriteStartObject();
        WriteHead(json, chosen, flame.Sum, flame.BaseSum);
        json.WriteNumber("framesLeftOut"u8, flame.FramesLeftOut);
        await WriteTextsAsync(answer, "names", flame.Names);
        await WriteTextsAsync(answer, "files", flame.Files);
        await WriteColumnAsync(answer, "function", flame.Function.Length, i => flame.Function[i]);
        await WriteColumnAsync(answer, "depth", flame.Depth.Length, i => flame.Depth[i]);
        await WriteColumnAsync(answer, "self", flame.Self.Length, i => flame.Self[i]);
        await WriteColumnAsync(answer, "total", flame.Total.Length, i => flame.Total[i]);
        await WriteColumnAsync(answer, "baseSelf", flame.BaseSelf.Length, i => flame.BaseSelf[i]);
        await WriteColumnAsync(answer, "baseTotal", flame.BaseTotal.Length, i => flame.BaseTotal[i]);
        WriteMissing(json, missing);
        json.WriteEndObject();
    }

    internal static async Task WriteFunctionsAsync(JsonAnswer answer, ChosenProfiles chosen, FunctionCosts costs, string? missing)
    {
        var json = answer.Writer;
        json.WriteStartObject();
        WriteHead(json, chosen, costs.Sum, costs.BaseSum);
        json.WriteNumber("count"u8, costs.Count);
        json.WriteStartArray("functions"u8);
        foreach (var function in costs.Functions)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, function.Name);
            json.WriteString("file"u8, function.File);
            json.WriteLong("self"u8, function.Self);
            json.WriteLong("total"u8, function.Total);
            if (costs.BaseSum is not null)
            {
                json.WriteLong("baseSelf"u8, function.BaseSelf);
                json.WriteLong("baseTotal"u8, function.BaseTotal);
            }
            json.WriteEndObject();
            if (answer.IsPartFull) await answer.SendAsync();
        }
        json.WriteEndArray();
        WriteMissing(json, missing);
        json.WriteEndObject();
    }

    internal static async Task WriteTracesAsync(JsonAnswer answer, TraceStore store, FrameTraces traces, string? missing, CancellationToken cancellationToken)
    {
        var json = answer.Writer;
        json.WriteStartObject();
        json.WriteStartArray("traces"u8);
        foreach (var trace in traces.Traces)
        {
            var summary = (await store.GetTraceAsync(trace.TraceId, cancellationToken))?.Summary;
            json.WriteStartObject();
            json.WriteId("traceId"u8, trace.TraceId);
            json.WriteLong("value"u8, trace.Value);
            json.WriteStartArray("spanIds"u8);
            foreach (var span in trace.Spans) json.WriteSpanIdValue(span);
            json.WriteEndArray();
            if (summary is null) json.WriteNull("summary"u8);
            else WriteSummary(json, summary);
            json.WriteEndObject();
            if (answer.IsPartFull) await answer.SendAsync();
        }
        json.WriteEndArray();
        json.WriteNumber("count"u8, traces.Count);
        json.WriteLong("value"u8, traces.Value);
        json.WriteLong("unlinkedValue"u8, traces.Unlinked);
        WriteMissing(json, missing);
        json.WriteEndObject();
    }

    private static void WriteSummary(Utf8JsonWriter json, TraceSummary summary)
    {
        var label = summary.Root ?? summary.First;
        json.WriteStartObject("summary"u8);
        json.WriteString("service"u8, label.Service);
        json.WriteString("name"u8, label.Name);
        json.WriteLong("startUnixNano"u8, summary.StartUnixNano);
        json.WriteLong("durationNano"u8, summary.DurationNano);
        json.WriteNumber("errors"u8, summary.Errors);
        json.WriteEndObject();
    }

    private static void WriteHead(Utf8JsonWriter json, ChosenProfiles chosen, ProfileSum sum, ProfileSum? baseSum)
    {
        json.WriteString("matchedBy"u8, chosen.MatchedBy);
        if (chosen.Time is { } time)
        {
            json.WriteStartObject("spans"u8);
            json.WriteLong("startUnixNano"u8, time.Start);
            json.WriteLong("endUnixNano"u8, time.End);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("spans"u8);
        }
        WriteSum(json, "sum", sum);
        WriteSum(json, "base", baseSum);
    }

    private static void WriteSum(Utf8JsonWriter json, string name, ProfileSum? sum)
    {
        if (sum is null)
        {
            json.WriteNull(name);
            return;
        }
        json.WriteStartObject(name);
        json.WriteLong("value"u8, sum.Value);
        json.WriteNumber("windows"u8, sum.Windows);
        json.WriteLong("firstUnixNano"u8, sum.Windows == 0 ? (ulong?)null : sum.FirstUnixNano);
        json.WriteLong("lastUnixNano"u8, sum.Windows == 0 ? (ulong?)null : sum.LastUnixNano);
        json.WriteEndObject();
    }

    private static async Task WriteTextsAsync(JsonAnswer answer, string name, string[] texts)
    {
        answer.Writer.WriteStartArray(name);
        foreach (var text in texts)
        {
            answer.Writer.WriteStringValue(text);
            if (answer.IsPartFull) await answer.SendAsync();
        }
        answer.Writer.WriteEndArray();
    }

    private static async Task WriteColumnAsync(JsonAnswer answer, string name, int count, Func<int, long> value)
    {
        answer.Writer.WriteStartArray(name);
        for (var i = 0; i < count; i++)
        {
            answer.Writer.WriteNumberValue(value(i));
            if (answer.IsPartFull) await answer.SendAsync();
        }
        answer.Writer.WriteEndArray();
    }

    private static void WriteMissing(Utf8JsonWriter json, string? missing) => SearchWriter.WriteTruncated(json, missing is null ? null : new Truncation("unreadable", missing));
}
