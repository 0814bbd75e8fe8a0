using System.Runtime.InteropServices;
using Throughline.Engine.Model;

namespace Throughline.Engine.Blocks.Version0;

/// <summary>The values of a block's traces, in the order of their rows (docs/format/block.md, "Traces"). Arrays are by trace.</summary>
internal sealed class TracePages
{
    /// <summary>The ids.</summary>
    public required TraceId[] Id { get; init; }

    /// <summary>Numbers of rows.</summary>
    public required int[] Spans { get; init; }

    /// <summary>Errors.</summary>
    public required int[] Errors { get; init; }

    /// <summary>Starts, Unix nanoseconds.</summary>
    public required ulong[] Start { get; init; }

    /// <summary>Ends, Unix nanoseconds.</summary>
    public required ulong[] End { get; init; }

    /// <summary>Waiting time, nanoseconds.</summary>
    public required ulong[] Waiting { get; init; }

    /// <summary>The rest of the facts.</summary>
    public required int[] Orphans { get; init; }

    /// <summary>Service, name of the root, service and name of the first span, error type: five a trace, -1 for none.</summary>
    public required int[] Labels { get; init; }

    /// <summary>Where each trace's services begin in <see cref="Services"/>, in triples; one more than there are traces.</summary>
    public required int[] ServiceOffset { get; init; }

    /// <summary>Service, spans, errors.</summary>
    public required int[] Services { get; init; }

    /// <summary>Writes the facts of all traces.</summary>
    public static void Write(IReadOnlyList<(TraceId Id, TraceFacts Facts)> traces, OldPageWriter pages)
    {
        TraceId[] ids = [.. traces.Select(t => t.Id)];
        pages.Bytes(MemoryMarshal.AsBytes(ids.AsSpan()), compress: false);
        pages.Numbers([.. traces.Select(t => t.Facts.Spans)]);
        pages.Numbers([.. traces.Select(t => t.Facts.Errors)]);
        // Traces are ordered by start: the distances between them are small.
        var starts = new long[ids.Length];
        for (var i = 0; i < starts.Length; i++) starts[i] = (long)(traces[i].Facts.StartUnixNano - (i == 0 ? 0 : traces[i - 1].Facts.StartUnixNano));
        pages.Numbers(starts.AsSpan(0, Math.Min(1, starts.Length)));
        pages.Numbers(starts.AsSpan(Math.Min(1, starts.Length)));
        pages.Numbers([.. traces.Select(t => (long)(t.Facts.EndUnixNano - t.Facts.StartUnixNano))]);
        pages.Numbers([.. traces.Select(t => (long)t.Facts.WaitingNano)]);
        pages.Numbers([.. traces.Select(t => t.Facts.Orphans)]);
        pages.Numbers([.. traces.SelectMany(t => new[] { t.Facts.RootService, t.Facts.RootName, t.Facts.FirstService, t.Facts.FirstName, t.Facts.ErrorType })]);
        pages.Numbers([.. traces.Select(t => (long)t.Facts.Services.Count)]);
        pages.Numbers([.. traces.SelectMany(t => t.Facts.Services.SelectMany(s => new[] { s.Service, s.Spans, s.Errors }))]);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public static TracePages Read(PageCursor pages)
    {
        var ids = MemoryMarshal.Cast<byte, TraceId>(pages.Bytes()).ToArray();
        var spans = pages.Ints().Items;
        var errors = pages.Ints().Items;
        long[] distances = [.. pages.Numbers(), .. pages.Numbers()];
        var starts = new ulong[ids.Length];
        for (var i = 0; i < starts.Length; i++) starts[i] = (i == 0 ? 0 : starts[i - 1]) + (ulong)distances[i];
        var ends = MemoryMarshal.Cast<long, ulong>(pages.Numbers()).ToArray();
        for (var i = 0; i < ends.Length; i++) ends[i] += starts[i];
        return new TracePages
        {
            Id = ids,
            Spans = spans,
            Errors = errors,
            Start = starts,
            End = ends,
            Waiting = MemoryMarshal.Cast<long, ulong>(pages.Numbers()).ToArray(),
            Orphans = pages.Ints().Items,
            Labels = pages.Ints().Items,
            ServiceOffset = pages.Offsets().Items,
            Services = pages.Ints().Items,
        };
    }

    /// <summary>The facts of one trace.</summary>
    public TraceFacts Facts(int ordinal)
    {
        var services = new (int, int, int)[ServiceOffset[ordinal + 1] - ServiceOffset[ordinal]];
        for (var i = 0; i < services.Length; i++)
        {
            var triple = Services.AsSpan(3 * (ServiceOffset[ordinal] + i), 3);
            services[i] = (triple[0], triple[1], triple[2]);
        }
        var labels = Labels.AsSpan(5 * ordinal, 5);
        return new TraceFacts
        {
            StartUnixNano = Start[ordinal],
            EndUnixNano = End[ordinal],
            WaitingNano = Waiting[ordinal],
            Spans = Spans[ordinal],
            Errors = Errors[ordinal],
            Orphans = Orphans[ordinal],
            RootService = labels[0],
            RootName = labels[1],
            FirstService = labels[2],
            FirstName = labels[3],
            ErrorType = labels[4],
            Services = services,
        };
    }
}
