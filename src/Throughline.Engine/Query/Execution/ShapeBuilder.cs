using System.Text;
using Throughline.Engine.Model;

namespace Throughline.Engine.Query.Execution;

/// <summary>Finds the segments of a trace's shape by going through its spans' starts and ends in the order of time. One trace; not reused.</summary>
internal sealed class ShapeBuilder
{
    /// <summary>Steps that take less than a millisecond: between them a caller that has gone is noticed.</summary>
    private const int StepsAtOnce = 4_096;

    private readonly SpanBatch _spans;
    private readonly CancellationToken _cancellationToken;
    private readonly int[] _parent;
    private readonly int[] _runningChildren;
    private readonly bool[] _isRunning;
    private readonly int[] _wait;
    private readonly SortedSet<int> _innermost;
    private readonly List<Piece> _pieces = [];

    /// <summary>What goes on in a stretch of time: ids of texts, -1 for none.</summary>
    private readonly record struct What(int Service, int Wait, bool IsError);

    private readonly record struct Piece(ulong Start, ulong End, What What)
    {
        public ulong Length => End - Start;
    }

    private ShapeBuilder(SpanBatch spans, CancellationToken cancellationToken)
    {
        (_spans, _cancellationToken) = (spans, cancellationToken);
        var tree = TraceTree.Of(spans, cancellationToken);
        var count = spans.RowCount;
        (_parent, _runningChildren, _isRunning, _wait) = (new int[count], new int[count], new bool[count], new int[count]);
        for (var place = 0; place < count; place++) _parent[tree.Order[place]] = tree.ParentRow[place] < 0 ? -1 : tree.Order[tree.ParentRow[place]];
        var analysis = new TraceAnalysis(spans, cancellationToken);
        for (var row = 0; row < count; row++) _wait[row] = analysis.WaitKindOf(row);
        _innermost = new SortedSet<int>(Comparer<int>.Create(Decides));
    }

    /// <summary>The segments of a trace whose spans these are, duplicates collapsed.</summary>
    public static IReadOnlyList<ShapeSegment> Segments(SpanBatch spans, CancellationToken cancellationToken)
    {
        var builder = new ShapeBuilder(spans, cancellationToken);
        builder.Sweep();
        return builder.Result();
    }

    private ulong End(int row) => Math.Max(_spans.StartUnixNano[row], _spans.EndUnixNano[row]);

    /// <summary>Work before waits, the latest first; then whatever is the same wherever the spans lie.</summary>
    private int Decides(int a, int b)
    {
        var order = (_wait[a] >= 0).CompareTo(_wait[b] >= 0);
        if (order == 0) order = _spans.StartUnixNano[b].CompareTo(_spans.StartUnixNano[a]);
        if (order == 0) order = _spans.SpanId[b].CompareTo(_spans.SpanId[a]);
        return order != 0 ? order : a.CompareTo(b);
    }

    /// <summary>Goes through the trace from its start to its end, whatever the first and the last span are: one without length may lie before or behind all others.</summary>
    private void Sweep()
    {
        var (start, end) = (ulong.MaxValue, 0ul);
        for (var row = 0; row < _spans.RowCount; row++) (start, end) = (Math.Min(start, _spans.StartUnixNano[row]), Math.Max(end, End(row)));
        var events = new List<(ulong Time, bool Begins, int Row)>(2 * _spans.RowCount);
        for (var row = 0; row < _spans.RowCount; row++)
        {
            // A span that takes no time goes on nowhere.
            if (End(row) == _spans.StartUnixNano[row]) continue;
            events.Add((_spans.StartUnixNano[row], true, row));
            events.Add((End(row), false, row));
        }
        RunSort.Sort(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(events), static (a, b) => a.Time.CompareTo(b.Time), _cancellationToken);
        // While nothing has length there is nothing to draw, however far apart the spans lie.
        if (events.Count > 0 && events[0].Time > start) Add(start, events[0].Time);
        for (var i = 0; i < events.Count; i++)
        {
            if (i % StepsAtOnce == 0) _cancellationToken.ThrowIfCancellationRequested();
            var (time, begins, row) = events[i];
            if (begins) Begin(row);
            else Finish(row);
            var next = i + 1 < events.Count ? events[i + 1].Time : end;
            if (next > time) Add(time, next);
        }
    }

    private void Begin(int row)
    {
        _isRunning[row] = true;
        if (_runningChildren[row] == 0) _innermost.Add(row);
        if (_parent[row] < 0) return;
        if (_runningChildren[_parent[row]]++ == 0) _innermost.Remove(_parent[row]);
    }

    private void Finish(int row)
    {
        _isRunning[row] = false;
        _innermost.Remove(row);
        if (_parent[row] < 0) return;
        if (--_runningChildren[_parent[row]] == 0 && _isRunning[_parent[row]]) _innermost.Add(_parent[row]);
    }

    private void Add(ulong start, ulong end)
    {
        var what = new What(-1, -1, false);
        if (_innermost.Count > 0)
        {
            var row = _innermost.Min;
            what = new What(_spans.Resources.Service[_spans.Resource[row]], _wait[row], (_spans.Marks[row] & (byte)SpanMarks.Error) != 0);
        }
        if (_pieces.Count > 0 && _pieces[^1].What == what) _pieces[^1] = _pieces[^1] with { End = end };
        else _pieces.Add(new Piece(start, end, what));
    }

    private List<ShapeSegment> Result()
    {
        if (_pieces.Count == 0) return [];
        var first = _pieces[0].Start;
        var pieces = _pieces;
        // Waits are folded where a shape is drawn, so what is too short to be seen is short beside the work.
        var work = 0ul;
        foreach (var piece in pieces) work += piece.What is { Service: >= 0, Wait: < 0 } ? piece.Length : 0;
        for (var shortest = Math.Max(1, work / (4 * TraceShape.MaxSegments)); pieces.Count > TraceShape.MaxSegments; shortest = shortest > ulong.MaxValue / 2 ? ulong.MaxValue : shortest * 2)
        {
            pieces = Joined(pieces, shortest);
        }
        return [.. pieces.Select(p => new ShapeSegment(p.Start - first, p.Length, Text(p.What.Service), Text(p.What.Wait), p.What.IsError))];
    }

    /// <summary>Neighbours that are shorter than <paramref name="shortest"/> become one piece, of what takes the most of it; it failed when any of them did.</summary>
    private static List<Piece> Joined(List<Piece> pieces, ulong shortest)
    {
        var joined = new List<Piece>();
        for (var i = 0; i < pieces.Count;)
        {
            var (from, start) = (i, pieces[i].Start);
            for (i++; i < pieces.Count && pieces[i - 1].End - start < shortest && pieces[i].Length < shortest; i++)
            {
            }
            var next = new Piece(start, pieces[i - 1].End, Most(pieces, from, i));
            // A short run between long pieces goes to the one before it.
            if (joined.Count > 0 && next.Length < shortest) joined[^1] = joined[^1] with { End = next.End, What = joined[^1].What with { IsError = joined[^1].What.IsError || next.What.IsError } };
            else if (joined.Count > 0 && joined[^1].What == next.What) joined[^1] = joined[^1] with { End = next.End };
            else joined.Add(next);
        }
        return joined;
    }

    private static What Most(List<Piece> pieces, int from, int end)
    {
        if (end - from == 1) return pieces[from].What;
        var lengths = new Dictionary<What, ulong>();
        var failed = false;
        for (var i = from; i < end; i++)
        {
            var what = pieces[i].What with { IsError = false };
            failed |= pieces[i].What.IsError;
            lengths[what] = lengths.GetValueOrDefault(what) + pieces[i].Length;
        }
        var most = pieces[from].What with { IsError = false };
        foreach (var (what, length) in lengths)
        {
            if (length > lengths[most]) most = what;
        }
        return most with { IsError = failed };
    }

    private string? Text(int id) => id < 0 ? null : Encoding.UTF8.GetString(_spans.Strings[id]);
}
