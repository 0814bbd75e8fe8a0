using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Query.Execution;

/// <summary>
/// Finds the traces that lie in more than one segment, and remembers what it found: blocks list such traces, of which each is looked for once in every block, and a head is asked trace by trace. So
/// what a new block costs does not grow with the store. Owned by the store; thread safe.
/// </summary>
internal sealed class SplitTraces
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(object Head, object Earlier), Probe> _probes = [];
    private readonly SplitSuspects _suspects = new();
    private ISpanSegment[] _blocks = [];
    private SplitInBlocks? _inBlocks;
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
            if (_inBlocks is null || !blocks.AsSpan().SequenceEqual(_blocks)) FindInBlocks(blocks);
            unreadable.AddRange(_unreadable);
            var withHeads = new Dictionary<TraceId, SplitTrace>();
            var places = new Dictionary<ISpanSegment, int>();
            for (var i = 0; i < segments.Count; i++) places[segments[i]] = i;
            for (var head = 0; head < segments.Count; head++)
            {
                if (segments[head].IsLasting) continue;
                for (var earlier = 0; earlier < head; earlier++) AddFromHead(segments[head], segments[earlier], withHeads, s => places[s], unreadable);
            }
            ForgetProbes(segments);
            return new SplitSet(segments, _inBlocks!, withHeads);
        }
    }

    /// <summary>Forgets the blocks that are not among these, and what is known of them.</summary>
    public void KeepOnly(IEnumerable<ISpanSegment> blocks)
    {
        lock (_gate)
        {
            var present = blocks.ToHashSet();
            if (Array.TrueForAll(_blocks, present.Contains)) return;
            _suspects.Drop([.. _blocks.Where(b => !present.Contains(b))]);
            (_blocks, _inBlocks) = ([.. _blocks.Where(present.Contains)], null);
            foreach (var key in _probes.Keys.Where(k => k.Earlier is ISpanSegment { IsLasting: true } earlier && !present.Contains(earlier)).ToArray()) _probes.Remove(key);
        }
    }

    private void FindInBlocks(ISpanSegment[] blocks)
    {
        // What could not be read is asked for again; it is rare, and need not be quick.
        if (_unreadable.Count > 0) _suspects.Clear();
        var unreadable = new List<string>();
        try
        {
            _inBlocks = _suspects.Find(blocks, unreadable);
        }
        catch
        {
            // It may have stopped anywhere; the next query does not build on that.
            (_blocks, _inBlocks) = ([], null);
            _suspects.Clear();
            throw;
        }
        (_blocks, _unreadable) = (blocks, unreadable);
    }

    /// <summary>Looks for the head's traces that have not been looked for yet.</summary>
    private static void Extend(Probe probe, ReadOnlySpan<TraceId> ids, ISpanSegment other, List<string> unreadable)
    {
        if (probe.Next >= ids.Length) return;
        Dictionary<TraceId, int>? places = null;
        if (!SplitSuspects.HasFilter(other, unreadable))
        {
            if (!SplitSuspects.TryReadIds(other, unreadable, out var others)) return;
            places = new Dictionary<TraceId, int>(others.Length);
            for (var trace = 0; trace < others.Length; trace++) places.TryAdd(others[trace], trace);
        }
        for (; probe.Next < ids.Length; probe.Next++)
        {
            var found = places is not null ? places.GetValueOrDefault(ids[probe.Next], -1) : other.MayHold(ids[probe.Next]) ? other.FindTrace(ids[probe.Next]) : -1;
            if (found >= 0) probe.Found.Add((probe.Next, found));
        }
    }

    private void AddFromHead(ISpanSegment view, ISpanSegment other, Dictionary<TraceId, SplitTrace> withHeads, Func<ISpanSegment, int> placeOf, List<string> unreadable)
    {
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
            if (!withHeads.TryGetValue(id, out var known) && !_inBlocks!.Traces.TryGetValue(id, out known)) known = new SplitTrace([]);
            withHeads[id] = known.With(new TraceHolder(other, found), placeOf).With(new TraceHolder(view, trace), placeOf);
        }
    }

    /// <summary>Heads and blocks that are no more need no memory; a snapshot that still has them asks anew.</summary>
    private void ForgetProbes(IReadOnlyList<ISpanSegment> segments)
    {
        var present = segments.Select(s => s.Identity).ToHashSet();
        foreach (var key in _probes.Keys.Where(k => !present.Contains(k.Head) || !present.Contains(k.Earlier)).ToArray()) _probes.Remove(key);
    }
}
