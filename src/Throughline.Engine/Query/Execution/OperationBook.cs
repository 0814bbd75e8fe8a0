using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Query.Execution;

/// <summary>
/// The operations of several segments in one order: each segment numbers its own, and what is counted of them is added up by place in <see cref="Keys"/>. One query's own; immutable once made.
/// </summary>
internal sealed class OperationBook
{
    private readonly OperationGroups?[] _segments;
    private readonly HashSet<string>? _services;

    /// <summary>Of the segments' groups, null for those that could not be read, the operations of some services; of all when none is given.</summary>
    public OperationBook(OperationGroups?[] segments, IReadOnlyCollection<string> services)
    {
        _segments = segments;
        _services = services.Count == 0 ? null : [.. services];
        Keys = Union();
    }

    /// <summary>The operations, each once, in the order of <see cref="OperationKey.Compare"/>.</summary>
    public OperationKey[] Keys { get; }

    /// <summary>By number of a segment's operation its place in <see cref="Keys"/>, -1 for those that were not asked for; null when the segment could not be read.</summary>
    public int[]? PlacesOf(int segment)
    {
        if (_segments[segment] is not { } groups) return null;
        if (groups.Keys == Keys) return groups.GroupOf;
        var places = new int[groups.Keys.Length];
        var at = 0;
        for (var i = 0; i < places.Length; i++)
        {
            while (at < Keys.Length && OperationKey.Compare(Keys[at], groups.Keys[i]) < 0) at++;
            places[i] = at < Keys.Length && Keys[at] == groups.Keys[i] ? at : -1;
        }
        return Array.ConvertAll(groups.GroupOf, group => places[group]);
    }

    private OperationKey[] Union()
    {
        var lists = new List<OperationKey[]>(_segments.Length);
        foreach (var segment in _segments)
        {
            var keys = segment is null ? [] : _services is null ? segment.Keys : Array.FindAll(segment.Keys, key => _services.Contains(key.Service));
            if (keys.Length > 0) lists.Add(keys);
        }
        // In pairs, so that each key is moved as often as the number of segments can be halved.
        while (lists.Count > 1)
        {
            var merged = new List<OperationKey[]>((lists.Count + 1) / 2);
            for (var i = 0; i < lists.Count; i += 2) merged.Add(i + 1 < lists.Count ? Merge(lists[i], lists[i + 1]) : lists[i]);
            lists = merged;
        }
        return lists.Count == 0 ? [] : lists[0];
    }

    private static OperationKey[] Merge(OperationKey[] a, OperationKey[] b)
    {
        var merged = new OperationKey[a.Length + b.Length];
        var (inA, inB, count) = (0, 0, 0);
        while (inA < a.Length && inB < b.Length)
        {
            var order = OperationKey.Compare(a[inA], b[inB]);
            merged[count++] = order <= 0 ? a[inA] : b[inB];
            if (order <= 0) inA++;
            if (order >= 0) inB++;
        }
        while (inA < a.Length) merged[count++] = a[inA++];
        while (inB < b.Length) merged[count++] = b[inB++];
        return count == merged.Length ? merged : merged[..count];
    }
}
