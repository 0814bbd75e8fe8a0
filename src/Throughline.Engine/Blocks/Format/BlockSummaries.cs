using Throughline.Engine.Model;

namespace Throughline.Engine.Blocks.Format;

/// <summary>Spans of an operation (row of the block's operations) whose duration lies in a bucket (<see cref="DurationBuckets"/>).</summary>
internal readonly record struct DurationCount(int Operation, int Bucket, long Spans);

/// <summary>Spans and errors of a service (string of the block) that start in a minute (Unix time / 60 s).</summary>
internal readonly record struct MinuteCount(long Minute, int Service, long Spans, long Errors);

/// <summary>Calls from spans of one service to children of another (strings of the block).</summary>
internal readonly record struct EdgeCount(int ParentService, int ChildService, long Calls, long Errors);

/// <summary>What a block says of all its spans together, so that aggregates read none of them (docs/format/block.md, "Summaries"). Immutable.</summary>
internal sealed class BlockSummaries
{
    /// <summary>By operation, then bucket.</summary>
    public required DurationCount[] Durations { get; init; }

    /// <summary>By minute, then service.</summary>
    public required MinuteCount[] Minutes { get; init; }

    /// <summary>By parent, then child.</summary>
    public required EdgeCount[] Edges { get; init; }

    /// <summary>Writes the bytes of the summaries.</summary>
    public void Encode(ListWriter lists)
    {
        lists.List(Durations.Length, i => Durations[i].Operation);
        lists.List(Durations.Length, i => Durations[i].Bucket);
        lists.List(Durations.Length, i => Durations[i].Spans);
        lists.List(Minutes.Length, i => Minutes[i].Minute);
        lists.List(Minutes.Length, i => Minutes[i].Service);
        lists.List(Minutes.Length, i => Minutes[i].Spans);
        lists.List(Minutes.Length, i => Minutes[i].Errors);
        lists.List(Edges.Length, i => Edges[i].ParentService);
        lists.List(Edges.Length, i => Edges[i].ChildService);
        lists.List(Edges.Length, i => Edges[i].Calls);
        lists.List(Edges.Length, i => Edges[i].Errors);
    }

    /// <summary>Reads summaries whose checksum has been checked.</summary>
    /// <exception cref="Files.CorruptDataException">The bytes are no summaries.</exception>
    public static BlockSummaries Decode(ReadOnlySpan<byte> bytes, string file, long offset)
    {
        var lists = new ListReader(bytes, file, offset);
        var (operation, bucket, spans) = (lists.List(), lists.List(), lists.List());
        var durations = new DurationCount[operation.Length];
        for (var i = 0; i < durations.Length; i++) durations[i] = new DurationCount((int)operation[i], (int)bucket[i], spans[i]);
        var (minute, service) = (lists.List(), lists.List());
        var (minuteSpans, minuteErrors) = (lists.List(), lists.List());
        var minutes = new MinuteCount[minute.Length];
        for (var i = 0; i < minutes.Length; i++) minutes[i] = new MinuteCount(minute[i], (int)service[i], minuteSpans[i], minuteErrors[i]);
        var (parent, child) = (lists.List(), lists.List());
        var (calls, errors) = (lists.List(), lists.List());
        var edges = new EdgeCount[parent.Length];
        for (var i = 0; i < edges.Length; i++) edges[i] = new EdgeCount((int)parent[i], (int)child[i], calls[i], errors[i]);
        lists.End();
        return new BlockSummaries { Durations = durations, Minutes = minutes, Edges = edges };
    }
}
