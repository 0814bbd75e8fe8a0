using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Query.Execution;

/// <summary>
/// Finds the traces that lie in more than one segment, and remembers what it found: blocks list such traces, and a head is asked trace by trace, each once. Owned by the store;
/// thread safe.
/// </summary>
internal sealed class SplitTraces
{
    /// <summary>Values that are kept, of about 150 bytes each. When they are more, all are forgotten: that is rare, and needs no order of use.</summary>
    private const int MostValues = 100_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<(object Head, object Earlier), Probe> _probes = [];
    private readonly Dictionary<TraceId, (object[] Holders, TraceValues Values)> _values = [];
    private ISpanSegment[] _blocks = [];
    private Dictionary<TraceId, List<TraceHolder>> _inBlocks = [];

    /// <summary>The traces of a head that are in one earlier segment, by their numbers; those from <see cref="Next"/> on have not been looked for.</summary>
    private sealed class Probe
    {
        public int Next;
        public readonly List<(int Trace, int Earlier)> Found = [];
    }

    /// <summary>The traces of a snapshot that lie in more than one of its segments, which come in the order blocks, frozen heads, head.</summary>
    /// <exception cref="UnreadableSegmentException">A block's list of traces cannot be read.</exception>
    public SplitSet Of(IReadOnlyList<ISpanSegment> segments)
    {
        lock (_gate)
        {
            var blocks = segments.Where(s => s.IsLasting).ToArray();
            if (!blocks.AsSpan().SequenceEqual(_blocks)) FindInBlocks(blocks);
            var holders = _inBlocks.ToDictionary(t => t.Key, t => new List<TraceHolder>(t.Value));
            for (var head = 0; head < segments.Count; head++)
            {
                if (segments[head].IsLasting) continue;
                for (var earlier = 0; earlier < head; earlier++) AddFromHead(segments, head, earlier, holders);
            }
            ForgetOthers(segments);
            return new SplitSet(segments, holders, this);
        }
    }

    private void FindInBlocks(ISpanSegment[] blocks)
    {
        var suspects = new HashSet<TraceId>();
        foreach (var block in blocks)
        {
            foreach (var id in block.SplitTraceIds) suspects.Add(id);
        }
        var holders = new Dictionary<TraceId, List<TraceHolder>>();
        for (var i = 0; i < blocks.Length && suspects.Count > 0; i++)
        {
            if (!MayHoldAny(blocks[i], suspects)) continue;
            var ids = blocks[i].TraceIds;
            for (var trace = 0; trace < ids.Length; trace++)
            {
                if (!suspects.Contains(ids[trace])) continue;
                if (!holders.TryGetValue(ids[trace], out var list)) holders.Add(ids[trace], list = []);
                list.Add(new TraceHolder(i, trace));
            }
        }
        // What a block was told to be elsewhere may have been compacted into it since.
        _inBlocks = holders.Where(t => t.Value.Count > 1).ToDictionary();
        _blocks = blocks;
    }

    private static bool MayHoldAny(ISpanSegment block, HashSet<TraceId> suspects)
    {
        foreach (var id in suspects)
        {
            if (block.MayHold(id)) return true;
        }
        return false;
    }

    private void AddFromHead(IReadOnlyList<ISpanSegment> segments, int head, int earlier, Dictionary<TraceId, List<TraceHolder>> holders)
    {
        var (view, other) = (segments[head], segments[earlier]);
        var key = (view.Identity, other.Identity);
        if (!_probes.TryGetValue(key, out var probe)) _probes.Add(key, probe = new Probe());
        var ids = view.TraceIds;
        for (; probe.Next < ids.Length; probe.Next++)
        {
            if (other.MayHold(ids[probe.Next]) && other.FindTrace(ids[probe.Next]) is var found and >= 0) probe.Found.Add((probe.Next, found));
        }
        foreach (var (trace, found) in probe.Found)
        {
            // An older view has the first of the traces only.
            if (trace >= ids.Length || found >= other.TraceCount) continue;
            var id = ids[trace];
            if (!holders.TryGetValue(id, out var list)) holders.Add(id, list = []);
            Add(list, new TraceHolder(earlier, found));
            Add(list, new TraceHolder(head, trace));
        }
    }

    private static void Add(List<TraceHolder> holders, TraceHolder holder)
    {
        if (!holders.Contains(holder)) holders.Add(holder);
    }

    /// <summary>Heads and blocks that are no more need no memory; a snapshot that still has them asks anew.</summary>
    private void ForgetOthers(IReadOnlyList<ISpanSegment> segments)
    {
        var present = segments.Select(s => s.Identity).ToHashSet();
        foreach (var key in _probes.Keys.Where(k => !present.Contains(k.Head) || !present.Contains(k.Earlier)).ToArray()) _probes.Remove(key);
    }

    /// <summary>Forgets everything, and with it the segments that are no more.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _probes.Clear();
            _values.Clear();
            (_blocks, _inBlocks) = ([], []);
        }
    }

    /// <summary>Values of a trace that were worked out before from just these holders.</summary>
    internal bool TryGetValues(TraceId id, object[] holders, out TraceValues values)
    {
        lock (_gate)
        {
            values = default;
            if (!_values.TryGetValue(id, out var known) || !known.Holders.AsSpan().SequenceEqual(holders)) return false;
            values = known.Values;
            return true;
        }
    }

    /// <summary>Keeps the values of a trace that lies in blocks only.</summary>
    internal void KeepValues(TraceId id, object[] holders, in TraceValues values)
    {
        lock (_gate)
        {
            if (_values.Count >= MostValues) _values.Clear();
            _values[id] = (holders, values);
        }
    }
}

/// <summary>A segment of a snapshot that has spans of a trace, and the trace's number there.</summary>
internal readonly record struct TraceHolder(int Segment, int Trace);
