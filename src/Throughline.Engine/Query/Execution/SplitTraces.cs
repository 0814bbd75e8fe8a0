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
    private List<string> _unreadable = [];

    /// <summary>The traces of a head that are in one earlier segment, by their numbers; those from <see cref="Next"/> on have not been looked for.</summary>
    private sealed class Probe
    {
        public int Next;
        public readonly List<(int Trace, int Earlier)> Found = [];
    }

    /// <summary>
    /// The traces of a snapshot that lie in more than one of its segments, which come in the order blocks, frozen heads, head. A block whose list of traces cannot be read, which is told, holds none.
    /// </summary>
    public SplitSet Of(IReadOnlyList<ISpanSegment> segments, List<string> unreadable)
    {
        lock (_gate)
        {
            var blocks = segments.Where(s => s.IsLasting).ToArray();
            if (!blocks.AsSpan().SequenceEqual(_blocks)) FindInBlocks(blocks);
            unreadable.AddRange(_unreadable);
            var holders = _inBlocks.ToDictionary(t => t.Key, t => new List<TraceHolder>(t.Value));
            for (var head = 0; head < segments.Count; head++)
            {
                if (segments[head].IsLasting) continue;
                for (var earlier = 0; earlier < head; earlier++) AddFromHead(segments, head, earlier, holders, unreadable);
            }
            ForgetOthers(segments);
            return new SplitSet(segments, holders, this);
        }
    }

    private void FindInBlocks(ISpanSegment[] blocks)
    {
        var unreadable = new List<string>();
        var suspects = new HashSet<TraceId>();
        foreach (var block in blocks) AddSuspects(block, suspects, unreadable);
        var holders = new Dictionary<TraceId, List<TraceHolder>>();
        for (var i = 0; i < blocks.Length && suspects.Count > 0; i++)
        {
            if (!MayHoldAny(blocks[i], suspects, unreadable) || !TryReadIds(blocks[i], unreadable, out var ids)) continue;
            for (var trace = 0; trace < ids.Length; trace++)
            {
                if (!suspects.Contains(ids[trace])) continue;
                if (!holders.TryGetValue(ids[trace], out var list)) holders.Add(ids[trace], list = []);
                list.Add(new TraceHolder(i, trace));
            }
        }
        // What a block was told to be elsewhere may have been compacted into it since.
        _inBlocks = holders.Where(t => t.Value.Count > 1).ToDictionary();
        (_blocks, _unreadable) = (blocks, unreadable);
    }

    /// <summary>The traces that a block says to be elsewhere too; all that it has, when it does not say.</summary>
    private static void AddSuspects(ISpanSegment block, HashSet<TraceId> suspects, List<string> unreadable)
    {
        try
        {
            foreach (var id in block.SplitTraceIds) suspects.Add(id);
        }
        catch (UnreadableSegmentException e)
        {
            unreadable.Add(e.Message);
            if (!TryReadIds(block, unreadable, out var ids)) return;
            foreach (var id in ids) suspects.Add(id);
        }
    }

    private static bool MayHoldAny(ISpanSegment block, HashSet<TraceId> suspects, List<string> unreadable)
    {
        if (!HasFilter(block, unreadable)) return true;
        foreach (var id in suspects)
        {
            if (block.MayHold(id)) return true;
        }
        return false;
    }

    private static bool HasFilter(ISpanSegment segment, List<string> unreadable)
    {
        try
        {
            segment.MayHold(default);
            return true;
        }
        catch (UnreadableSegmentException e)
        {
            unreadable.Add(e.Message);
            return false;
        }
    }

    private static bool TryReadIds(ISpanSegment segment, List<string> unreadable, out ReadOnlySpan<TraceId> ids)
    {
        try
        {
            ids = segment.TraceIds;
            return true;
        }
        catch (UnreadableSegmentException e)
        {
            unreadable.Add(e.Message);
            ids = [];
            return false;
        }
    }

    /// <summary>Looks for the head's traces that have not been looked for yet.</summary>
    private static void Extend(Probe probe, ReadOnlySpan<TraceId> ids, ISpanSegment other, List<string> unreadable)
    {
        if (probe.Next >= ids.Length) return;
        Dictionary<TraceId, int>? places = null;
        if (!HasFilter(other, unreadable))
        {
            if (!TryReadIds(other, unreadable, out var others)) return;
            places = new Dictionary<TraceId, int>(others.Length);
            for (var trace = 0; trace < others.Length; trace++) places.TryAdd(others[trace], trace);
        }
        for (; probe.Next < ids.Length; probe.Next++)
        {
            var found = places is not null ? places.GetValueOrDefault(ids[probe.Next], -1) : other.MayHold(ids[probe.Next]) ? other.FindTrace(ids[probe.Next]) : -1;
            if (found >= 0) probe.Found.Add((probe.Next, found));
        }
    }

    private void AddFromHead(IReadOnlyList<ISpanSegment> segments, int head, int earlier, Dictionary<TraceId, List<TraceHolder>> holders, List<string> unreadable)
    {
        var (view, other) = (segments[head], segments[earlier]);
        var key = (view.Identity, other.Identity);
        if (!_probes.TryGetValue(key, out var probe)) _probes.Add(key, probe = new Probe());
        var ids = view.TraceIds;
        try
        {
            Extend(probe, ids, other, unreadable);
        }
        catch (UnreadableSegmentException e)
        {
            unreadable.Add(e.Message);
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
            (_blocks, _inBlocks, _unreadable) = ([], [], []);
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
