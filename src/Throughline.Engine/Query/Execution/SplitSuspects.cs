using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Query.Execution;

/// <summary>
/// The traces that some block lists as lying elsewhere too, and where each of them was found: in all blocks, of which each was looked through once. A block that comes is looked through for all of
/// them, and the others only for those that it lists and nobody else did. Not thread safe.
/// </summary>
internal sealed class SplitSuspects
{
    /// <summary>A block is asked for so few traces one by one; for more, all of its ids are gone through.</summary>
    private const int FewTraces = 64;

    private readonly Dictionary<TraceId, SplitTrace> _traces = [];
    private readonly Dictionary<TraceId, int> _listers = [];
    private readonly Dictionary<ISpanSegment, TraceId[]> _lists = [];

    /// <summary>The traces that lie in more than one of these blocks, which are those to be known from now on. What cannot be read is told.</summary>
    public SplitInBlocks Find(ISpanSegment[] blocks, List<string> unreadable)
    {
        var present = blocks.ToHashSet();
        var gone = _lists.Keys.Where(b => !present.Contains(b)).ToArray();
        if (gone.Length > 0) Drop(gone);
        var places = new Dictionary<ISpanSegment, int>();
        for (var i = 0; i < blocks.Length; i++) places[blocks[i]] = i;
        var added = blocks.Where(b => !_lists.ContainsKey(b)).ToArray();
        var known = _lists.Keys.ToArray();
        var fresh = new HashSet<TraceId>();
        foreach (var block in added) AddList(block, fresh, unreadable);
        foreach (var block in known) Look(block, fresh, fresh.Contains, s => places[s], unreadable);
        foreach (var block in added) Look(block, _traces.Keys, _traces.ContainsKey, s => places[s], unreadable);
        // What a block was told to be elsewhere may have been compacted into it since.
        return new SplitInBlocks(_traces.Where(static t => t.Value.Holders.Length > 1).ToDictionary());
    }

    /// <summary>Forgets blocks, and the traces that only they list.</summary>
    public void Drop(IReadOnlyList<ISpanSegment> blocks)
    {
        foreach (var block in blocks)
        {
            if (!_lists.Remove(block, out var list)) continue;
            foreach (var id in list)
            {
                if (--_listers[id] == 0) _listers.Remove(id);
            }
        }
        foreach (var (id, trace) in _traces.ToArray())
        {
            var left = Array.Exists(trace.Holders, h => blocks.Contains(h.Segment)) ? new SplitTrace(Array.FindAll(trace.Holders, h => !blocks.Contains(h.Segment))) : trace;
            if (left.Holders.Length < 2 && !_listers.ContainsKey(id)) _traces.Remove(id);
            else if (left != trace) _traces[id] = left;
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _traces.Clear();
        _listers.Clear();
        _lists.Clear();
    }

    /// <summary>The traces that a block says to be elsewhere too; all that it has, when it does not say.</summary>
    private void AddList(ISpanSegment block, HashSet<TraceId> fresh, List<string> unreadable)
    {
        TraceId[] list = [];
        try
        {
            list = block.SplitTraceIds.ToArray();
        }
        catch (UnreadableSegmentException e)
        {
            unreadable.Add(e.Message);
            if (TryReadIds(block, unreadable, out var ids)) list = ids.ToArray();
        }
        _lists.Add(block, list);
        foreach (var id in list)
        {
            _listers[id] = _listers.GetValueOrDefault(id) + 1;
            if (_traces.TryAdd(id, new SplitTrace([]))) fresh.Add(id);
        }
    }

    private void Look(ISpanSegment block, IReadOnlyCollection<TraceId> wanted, Func<TraceId, bool> isWanted, Func<ISpanSegment, int> placeOf, List<string> unreadable)
    {
        if (wanted.Count == 0) return;
        if (HasFilter(block, unreadable))
        {
            var candidates = wanted.Where(block.MayHold).Take(FewTraces + 1).ToArray();
            if (candidates.Length == 0) return;
            if (candidates.Length <= FewTraces)
            {
                foreach (var id in candidates) Ask(block, id, placeOf, unreadable);
                return;
            }
        }
        if (!TryReadIds(block, unreadable, out var ids)) return;
        for (var trace = 0; trace < ids.Length; trace++)
        {
            if (isWanted(ids[trace])) _traces[ids[trace]] = _traces[ids[trace]].With(new TraceHolder(block, trace), placeOf);
        }
    }

    private void Ask(ISpanSegment block, TraceId id, Func<ISpanSegment, int> placeOf, List<string> unreadable)
    {
        try
        {
            var trace = block.FindTrace(id);
            if (trace >= 0) _traces[id] = _traces[id].With(new TraceHolder(block, trace), placeOf);
        }
        catch (UnreadableSegmentException e)
        {
            if (!unreadable.Contains(e.Message)) unreadable.Add(e.Message);
        }
    }

    /// <summary>Whether a segment says quickly what it may hold; when it cannot be read, which is told, it may hold anything.</summary>
    internal static bool HasFilter(ISpanSegment segment, List<string> unreadable)
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

    /// <summary>The ids of a segment's traces; false when they cannot be read, which is told.</summary>
    internal static bool TryReadIds(ISpanSegment segment, List<string> unreadable, out ReadOnlySpan<TraceId> ids)
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
}
