using System.Text;
using Throughline.Engine.Query;

namespace Throughline.Server.Api.Native;

/// <summary>What one cohort did at one place of the tree, summed over its traces that were looked at.</summary>
internal sealed class CohortSide
{
    /// <summary>Traces with a span in this place.</summary>
    internal int Traces { get; set; }

    /// <summary>Spans, and those that count as errors.</summary>
    internal int Spans { get; set; }
    internal int Errors { get; set; }

    /// <summary>Nanoseconds of <see cref="CohortTimes.Wall"/> and <see cref="CohortTimes.Self"/>.</summary>
    internal UInt128 WallNano { get; set; }
    internal UInt128 SelfNano { get; set; }

    /// <summary>The durations of the spans, in no order.</summary>
    internal List<ulong> Durations { get; } = [];

    /// <summary>The trace that was counted last, so that each counts once.</summary>
    internal int LastTrace { get; set; } = -1;
}

/// <summary>A place in the tree of both cohorts: an operation, below the operations that called it.</summary>
/// <param name="Parent">The number of the place above, -1 for a root.</param>
/// <param name="Wait">What is waited for; null for work.</param>
internal sealed record CohortPath(int Parent, string Service, string Name, int Kind, string? Wait)
{
    /// <summary>The cohorts, A first.</summary>
    internal CohortSide[] Sides { get; } = [new(), new()];

    /// <summary>The sum of the offsets of its spans from the trace's start, by which children are ordered, and how many they are.</summary>
    internal UInt128 OffsetNano { get; set; }
}

/// <summary>
/// The traces of two cohorts laid over each other: spans that do the same in the same place, by service, name, kind and what they wait for, are one. Grows with each trace; not thread safe.
/// </summary>
internal sealed class CohortPaths
{
    /// <summary>Places that are told apart; spans of further ones count for the nearest place above that is known.</summary>
    internal const int MaxPaths = 2_000;

    private readonly Dictionary<(int Parent, string Service, string Name, int Kind, string? Wait), int> _numbers = [];
    private readonly List<CohortPath> _paths = [];
    private int _traces;

    /// <summary>Spans whose place was one too many.</summary>
    internal int Unplaced { get; private set; }

    /// <summary>The sum of <see cref="CohortTimes.Between"/>, A first.</summary>
    internal UInt128[] BetweenNano { get; } = new UInt128[2];

    /// <summary>Adds a trace to the cohort 0 (A) or 1 (B).</summary>
    internal void Add(TraceView trace, int cohort)
    {
        var times = new CohortTimes(trace);
        var spans = trace.Spans;
        var texts = new string?[spans.Strings.Count];
        string Text(int id) => texts[id] ??= Encoding.UTF8.GetString(spans.Strings[id]);
        var labels = new TextTable(spans.Strings);
        var waits = new TraceLabels(trace, labels);
        var placeOf = new int[spans.RowCount];
        for (var row = 0; row < spans.RowCount; row++)
        {
            var parent = trace.ParentRow[row] is var above and >= 0 ? placeOf[above] : -1;
            var wait = waits.Wait(row) is var number and >= 0 ? labels.Texts[number] : null;
            var place = PlaceOf(parent, Text(spans.Resources.Service[spans.Resource[row]]), Text(spans.Name[row]), spans.Kind[row], wait);
            placeOf[row] = place < 0 ? parent : place;
            // One that has not even a known place above it is told among those without place only.
            if (placeOf[row] >= 0) Count(_paths[placeOf[row]], trace, times, row, cohort, isPlaced: place >= 0);
            if (place < 0) Unplaced++;
        }
        BetweenNano[cohort] += times.Between;
        _traces++;
    }

    /// <summary>The places in pre-order, those of one parent in the order in which they begin; parents are numbered anew.</summary>
    internal List<(CohortPath Path, int Parent)> InOrder()
    {
        var children = _paths.Select((path, number) => (path, number)).ToLookup(static p => p.path.Parent, static p => p.number);
        var ordered = new List<(CohortPath, int)>(_paths.Count);
        var left = new Stack<(int Number, int Parent)>();
        void Push(int above, int parent)
        {
            foreach (var child in children[above].OrderByDescending(n => _paths[n].OffsetNano / (UInt128)Math.Max(1, _paths[n].Sides.Sum(static s => s.Durations.Count))).ThenByDescending(static n => n)) left.Push((child, parent));
        }
        Push(-1, -1);
        while (left.TryPop(out var next))
        {
            ordered.Add((_paths[next.Number], next.Parent));
            Push(next.Number, ordered.Count - 1);
        }
        return ordered;
    }

    private int PlaceOf(int parent, string service, string name, int kind, string? wait)
    {
        var key = (parent, service, name, kind, wait);
        if (_numbers.TryGetValue(key, out var number)) return number;
        if (_paths.Count >= MaxPaths) return -1;
        _numbers.Add(key, _paths.Count);
        _paths.Add(new CohortPath(parent, service, name, kind, wait));
        return _paths.Count - 1;
    }

    private void Count(CohortPath path, TraceView trace, CohortTimes times, int row, int cohort, bool isPlaced)
    {
        var side = path.Sides[cohort];
        side.WallNano += times.Wall[row];
        if (!isPlaced) return;
        side.SelfNano += times.Self[row];
        side.Spans++;
        if (trace.IsError[row]) side.Errors++;
        side.Durations.Add(trace.Spans.DurationNano(row));
        path.OffsetNano += trace.Spans.StartUnixNano[row] - trace.Summary.StartUnixNano;
        if (side.LastTrace == _traces) return;
        side.LastTrace = _traces;
        side.Traces++;
    }
}
