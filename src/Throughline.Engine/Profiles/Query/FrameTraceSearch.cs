using System.Text;
using Throughline.Engine.Model;

namespace Throughline.Engine.Profiles.Query;

/// <summary>Finds the traces whose samples have a frame in their stacks. Used by one thread, once.</summary>
internal sealed class FrameTraceSearch(string function, string? file, ProfileMemory memory)
{
    /// <summary>About what a trace takes that was found, and one of its spans.</summary>
    private const int TraceBytes = 200, SpanBytes = 32;

    private readonly Dictionary<TraceId, (long Value, HashSet<ulong> Spans)> _traces = [];
    private readonly byte[] _name = Encoding.UTF8.GetBytes(function);
    private readonly byte[]? _file = file is null ? null : Encoding.UTF8.GetBytes(file);
    private long _value;
    private long _unlinked;

    /// <summary>Looks through the selected windows of a source.</summary>
    public void Add(IProfileSource source, ProfileSelection selection, CancellationToken cancellationToken)
    {
        bool[]? nodes = null;
        long[]? byLink = null;
        var taken = source.Tables.NodeParent.Length + sizeof(long) * (long)source.Links.Length;
        var selected = new SelectedWindows(source, selection);
        var (value, unlinked) = (0L, 0L);
        try
        {
            foreach (var window in selected.Windows())
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (byLink is null || nodes is null)
                {
                    memory.Take(taken);
                    (nodes, byLink) = (NodesBelow(source.Tables), new long[source.Links.Length]);
                }
                var samples = source.SamplesOf(window);
                var stacks = samples.Stacks.Span;
                var links = samples.Links.Span;
                var values = samples.Values.Span;
                for (var i = 0; i < stacks.Length; i++)
                {
                    if (!nodes[stacks[i]] || !selected.TakesLink(links[i])) continue;
                    value = Saturating.Add(value, values[i]);
                    if (links[i] < 0) unlinked = Saturating.Add(unlinked, values[i]);
                    else byLink[links[i]] = Saturating.Add(byLink[links[i]], values[i]);
                }
            }
            if (byLink is null) return;
            // Only now: of a source that cannot be read to its end nothing counts.
            (_value, _unlinked) = (Saturating.Add(_value, value), Saturating.Add(_unlinked, unlinked));
            Take(source.Links.Span, byLink);
        }
        finally
        {
            if (byLink is not null) memory.GiveBack(taken);
        }
    }

    /// <summary>What was found.</summary>
    public FrameTraces Finish(int limit) => new(
        [.. _traces.OrderByDescending(static t => t.Value.Value).ThenBy(static t => t.Key).Take(limit).Select(static t => new FrameTrace(t.Key, t.Value.Value, [.. t.Value.Spans.Order()]))],
        _traces.Count, _value, _unlinked);

    private void Take(ReadOnlySpan<SampleLink> links, long[] values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] == 0) continue;
            var link = links[i];
            if (!link.TraceId.IsValid)
            {
                _unlinked = Saturating.Add(_unlinked, values[i]);
                continue;
            }
            if (!_traces.TryGetValue(link.TraceId, out var known)) memory.Take(TraceBytes);
            var (value, spans) = known.Spans is null ? (0L, new HashSet<ulong>()) : known;
            if (link.SpanId != 0 && spans.Add(link.SpanId)) memory.Take(SpanBytes);
            _traces[link.TraceId] = (Saturating.Add(value, values[i]), spans);
        }
    }

    /// <summary>By node: whether the frame is on the way from it to the top.</summary>
    private bool[] NodesBelow(StackTables tables)
    {
        var functions = new bool[tables.FunctionName.Length];
        for (var i = 0; i < functions.Length; i++)
            functions[i] = tables.Texts[tables.FunctionName[i]].SequenceEqual(_name) && (_file is null || tables.Texts[tables.FunctionFile[i]].SequenceEqual(_file));
        var nodes = new bool[tables.NodeParent.Length];
        for (var i = 0; i < nodes.Length; i++)
        {
            var parent = tables.NodeParent[i];
            nodes[i] = (parent >= 0 && nodes[parent]) || functions[tables.LocationFunction[tables.NodeLocation[i]]];
        }
        return nodes;
    }
}
