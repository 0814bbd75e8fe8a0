using System.Text.Json;
using Throughline.Engine.Signals;

namespace Throughline.Server.Api.Native;

/// <summary>Writes what the stores beside the traces hold, for GET /api/v1/status.</summary>
internal static class SignalsWriter
{
    internal static void Write(Utf8JsonWriter json, IReadOnlyList<ISignalStore> signals)
    {
        json.WriteStartArray("signals"u8);
        foreach (var signal in signals) Write(json, signal.GetStatistics());
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, SignalStatistics figures)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, figures.Name);
        json.WriteLong("items"u8, figures.Items);
        json.WriteLong("headItems"u8, figures.HeadItems);
        json.WriteLong("headBytes"u8, figures.HeadBytes);
        json.WriteNumber("blocks"u8, figures.Blocks);
        json.WriteLong("blockBytes"u8, figures.BlockBytes);
        json.WriteLong("logBytes"u8, figures.LogBytes);
        json.WriteLong("earliestUnixNano"u8, figures.EarliestUnixNano);
        json.WriteLong("latestUnixNano"u8, figures.LatestUnixNano);
        json.WriteStartArray("levels"u8);
        foreach (var level in figures.Levels)
        {
            json.WriteStartObject();
            json.WriteNumber("level"u8, level.Level);
            json.WriteNumber("blocks"u8, level.Blocks);
            json.WriteLong("items"u8, level.Items);
            json.WriteLong("bytes"u8, level.Bytes);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartObject("compaction"u8);
        json.WriteBoolean("idle"u8, figures.IsIdle);
        json.WriteLong("flushedBytes"u8, figures.FlushedBytes);
        json.WriteLong("merges"u8, figures.Merges);
        json.WriteLong("mergedBytes"u8, figures.MergedBytes);
        json.WriteEndObject();
        json.WriteStartObject("retention"u8);
        json.WriteLong("droppedBlocks"u8, figures.DroppedBlocks);
        json.WriteLong("droppedItems"u8, figures.DroppedItems);
        json.WriteLong("droppedBytes"u8, figures.DroppedBytes);
        json.WriteEndObject();
        json.WriteStartArray("problems"u8);
        foreach (var problem in figures.Problems) json.WriteStringValue(problem);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
