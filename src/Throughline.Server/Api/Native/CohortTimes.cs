using Throughline.Engine.Query;

namespace Throughline.Server.Api.Native;

/// <summary>Where the time of one trace went, by row. Times are as they were sent. One trace; not reused.</summary>
internal sealed class CohortTimes
{
    /// <summary>Of what descendants do after their ancestor has ended, so many stretches are remembered for the ancestors above; more are left out, and their time counts as the ancestor's own.</summary>
    private const int MostStretches = 64;

    private readonly ulong[] _start;
    private readonly ulong[] _end;
    private readonly ulong[] _lastEnd;
    private readonly List<int>[] _children;
    private readonly List<int> _roots = [];

    /// <summary>Finds the times of a trace.</summary>
    internal CohortTimes(TraceView trace)
    {
        var count = trace.Spans.RowCount;
        var first = trace.Summary.StartUnixNano;
        (_start, _end, _lastEnd, _children) = (new ulong[count], new ulong[count], new ulong[count], new List<int>[count]);
        for (var row = 0; row < count; row++)
        {
            _start[row] = trace.Spans.StartUnixNano[row] - first;
            _end[row] = _lastEnd[row] = _start[row] + trace.Spans.DurationNano(row);
            _children[row] = [];
            (trace.ParentRow[row] < 0 ? _roots : _children[trace.ParentRow[row]]).Add(row);
        }
        for (var row = count - 1; row >= 0; row--)
        {
            if (trace.ParentRow[row] is var parent and >= 0) _lastEnd[parent] = Math.Max(_lastEnd[parent], _lastEnd[row]);
        }
        (Wall, Self) = (new ulong[count], new ulong[count]);
        Between = FindWall(trace.Summary.DurationNano);
        FindSelf(trace.ParentRow);
    }

    /// <summary>
    /// By row, nanoseconds of the trace's length that were spent on it: from the end back, what ended last was waited for, before it what ended last before its start, and so on. Every instant counts once:
    /// with <see cref="Between"/> all of it is the trace's length.
    /// </summary>
    internal ulong[] Wall { get; }

    /// <summary>What of the trace's length no span on that way accounts for.</summary>
    internal ulong Between { get; }

    /// <summary>By row, nanoseconds of its duration in which no descendant runs.</summary>
    internal ulong[] Self { get; }

    private ulong FindWall(ulong total)
    {
        var between = 0ul;
        void Give(int row, ulong from, ulong to)
        {
            if (to <= from) return;
            var own = row < 0 || _end[row] <= from || _start[row] >= to ? 0 : Math.Min(to, _end[row]) - Math.Max(from, _start[row]);
            if (row >= 0) Wall[row] += own;
            between += to - from - own;
        }
        var windows = new Stack<(int Row, ulong From, ulong To)>();
        windows.Push((-1, 0, total));
        while (windows.TryPop(out var window))
        {
            var at = window.To;
            foreach (var child in (window.Row < 0 ? _roots : _children[window.Row]).OrderByDescending(c => _lastEnd[c]).ThenByDescending(static c => c))
            {
                if (at <= window.From) break;
                var (from, to) = (Math.Max(window.From, _start[child]), Math.Min(at, _lastEnd[child]));
                if (to <= from) continue;
                Give(window.Row, to, at);
                windows.Push((child, from, to));
                at = from;
            }
            Give(window.Row, window.From, at);
        }
        return between;
    }

    private void FindSelf(int[] parents)
    {
        // By row, when it or a descendant runs; let go of once its parent has looked at it.
        var running = new List<(ulong From, ulong To)>?[parents.Length];
        for (var row = parents.Length - 1; row >= 0; row--)
        {
            var below = new List<(ulong From, ulong To)>();
            foreach (var child in _children[row])
            {
                below.AddRange(running[child] ?? []);
                running[child] = null;
            }
            var covered = 0ul;
            var union = Union(below);
            foreach (var (from, to) in union) covered += to <= _start[row] || from >= _end[row] ? 0 : Math.Min(to, _end[row]) - Math.Max(from, _start[row]);
            Self[row] = _end[row] - _start[row] - covered;
            union.Add((_start[row], _end[row]));
            var all = Union(union);
            if (all.Count > MostStretches) all.RemoveRange(MostStretches, all.Count - MostStretches);
            running[row] = all;
        }
    }

    private static List<(ulong From, ulong To)> Union(List<(ulong From, ulong To)> stretches)
    {
        stretches.Sort();
        var union = new List<(ulong From, ulong To)>();
        foreach (var (from, to) in stretches)
        {
            if (union.Count > 0 && from <= union[^1].To) union[^1] = (union[^1].From, Math.Max(union[^1].To, to));
            else union.Add((from, to));
        }
        return union;
    }
}
