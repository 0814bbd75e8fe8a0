using System.Text.Json;
using Throughline.Engine;
using Throughline.Engine.Model;
using Throughline.Server.Configuration;
using Throughline.Server.Forward;
using Throughline.Server.Health;
using Throughline.Server.SelfTelemetry;
using Throughline.Server.Storage;

namespace Throughline.Server.Api.Native;

/// <summary>What GET /api/v1/status tells of, beside the store.</summary>
public sealed record StatusParts(IngestCounters Counters, ReceiveLimits Limits, ForwardGate Forward, HealthWatch Health, StoreGate Gate);

/// <summary>Writes GET /api/v1/status.</summary>
internal static class StatusWriter
{
    internal static void Write(Utf8JsonWriter json, StatusParts parts, StoreStatistics store)
    {
        var counters = parts.Counters;
        var counts = counters.Read();
        json.WriteStartObject();
        json.WriteLong("startedUnixNano"u8, counters.StartedUnixNano);
        json.WriteLong("nowUnixNano"u8, counters.UnixNano());
        json.WriteStartObject("received"u8);
        var traces = counts.Of(SignalKind.Traces);
        json.WriteLong("requests"u8, traces.Requests);
        json.WriteLong("spans"u8, traces.Items);
        json.WriteLong("lastUnixNano"u8, traces.LastUnixNano);
        json.WriteStartObject("signals"u8);
        foreach (var signal in counts.Signals)
        {
            json.WriteStartObject(SignalNames.Of(signal.Kind));
            json.WriteLong("requests"u8, signal.Requests);
            json.WriteLong("items"u8, signal.Items);
            json.WriteLong("lastUnixNano"u8, signal.LastUnixNano);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartArray("refused"u8);
        foreach (var refusal in counts.Refusals)
        {
            json.WriteStartObject();
            json.WriteString("signal"u8, refusal.Signal is { } signal ? SignalNames.Of(signal) : null);
            json.WriteString("reason"u8, Name(refusal.Reason));
            json.WriteLong("count"u8, refusal.Count);
            json.WriteString("lastMessage"u8, refusal.LastMessage);
            json.WriteLong("lastUnixNano"u8, refusal.LastUnixNano);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteLong("redactedAttributes"u8, counts.RedactedValues);
        WriteStore(json, store);
        SignalsWriter.Write(json, parts.Gate.Signals);
        ForwardWriter.Write(json, parts.Forward.Forwarder?.Status);
        HealthWriter.Write(json, parts.Health.State, parts.Limits);
        json.WriteEndObject();
    }

    private static void WriteStore(Utf8JsonWriter json, StoreStatistics store)
    {
        json.WriteStartObject("store"u8);
        json.WriteLong("spans"u8, store.Spans);
        json.WriteLong("traces"u8, store.Traces);
        json.WriteLong("headSpans"u8, store.HeadSpans);
        json.WriteNumber("blocks"u8, store.Blocks);
        json.WriteLong("blockBytes"u8, store.BlockBytes);
        json.WriteLong("logBytes"u8, store.LogBytes);
        json.WriteLong("earliestStartUnixNano"u8, store.EarliestStartUnixNano);
        json.WriteLong("latestStartUnixNano"u8, store.LatestStartUnixNano);
        WriteLife(json, store);
        json.WriteStartArray("problems"u8);
        foreach (var problem in store.Problems) json.WriteStringValue(problem);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteLife(Utf8JsonWriter json, StoreStatistics store)
    {
        json.WriteStartArray("levels"u8);
        foreach (var level in store.Levels)
        {
            json.WriteStartObject();
            json.WriteNumber("level"u8, level.Level);
            json.WriteNumber("blocks"u8, level.Blocks);
            json.WriteLong("spans"u8, level.Spans);
            json.WriteLong("bytes"u8, level.Bytes);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartObject("compaction"u8);
        json.WriteBoolean("idle"u8, store.Compaction.IsIdle);
        json.WriteNumber("backlogBlocks"u8, store.Compaction.BacklogBlocks);
        json.WriteLong("backlogSpans"u8, store.Compaction.BacklogSpans);
        json.WriteLong("merges"u8, store.Compaction.Merges);
        json.WriteLong("mergedSpans"u8, store.Compaction.MergedSpans);
        json.WriteEndObject();
        json.WriteStartObject("retention"u8);
        json.WriteLong("hiddenBeforeUnixNano"u8, store.Retention.HiddenBeforeUnixNano);
        json.WriteNumber("pinnedTraces"u8, store.Retention.PinnedTraces);
        json.WriteLong("droppedBlocks"u8, store.Retention.DroppedBlocks);
        json.WriteLong("droppedTraces"u8, store.Retention.DroppedTraces);
        json.WriteLong("droppedBytes"u8, store.Retention.DroppedBytes);
        json.WriteEndObject();
    }

    /// <summary>The reasons as the API and docs/operations.md name them.</summary>
    internal static string Name(RefusalReason reason) => reason switch
    {
        RefusalReason.Malformed => "malformed",
        RefusalReason.InvalidIds => "invalid_ids",
        RefusalReason.InvalidItems => "invalid_items",
        RefusalReason.TooManySeries => "too_many_series",
        RefusalReason.TooLarge => "too_large",
        RefusalReason.UnsupportedType => "unsupported_type",
        RefusalReason.UnsupportedEncoding => "unsupported_encoding",
        RefusalReason.UnsupportedSignal => "unsupported_signal",
        RefusalReason.Overloaded => "overloaded",
        RefusalReason.Unavailable => "unavailable",
        RefusalReason.TooSlow => "too_slow",
        RefusalReason.Forbidden => "forbidden",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "A reason without a name."),
    };
}
