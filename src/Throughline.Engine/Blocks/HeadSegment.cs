using System.Text;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Sampling;

namespace Throughline.Engine.Blocks;

/// <summary>A view of the head at one moment, in one part. What is derived from its rows is worked out when it is first asked for. Thread safe.</summary>
internal sealed class HeadSegment : ISpanSegment
{
    /// <summary>Rows that take about a millisecond to copy: between them the bounds are asked.</summary>
    private const int CopiedAtOnce = 1_024;

    private readonly SpanTableView _view;
    private readonly HeadDerived _derived;
    private readonly Lazy<HeadValues> _values;
    private readonly Lazy<TraceId[]> _ids;
    private readonly Lazy<SegmentPart[]> _parts;
    private readonly Lazy<OperationGroups> _groups;
    private readonly Lazy<SpanWeights?> _weights;

    /// <summary>Looks at a table's snapshot; <paramref name="derived"/> is that table's own.</summary>
    public HeadSegment(SpanTableView view, HeadDerived derived)
    {
        _view = view;
        _derived = derived;
        _values = new(() => derived.Of(view));
        _ids = new(() =>
        {
            var ids = new TraceId[view.TraceCount];
            for (var t = 0; t < ids.Length; t++) ids[t] = view.TraceId(t);
            return ids;
        });
        _groups = new(() => OperationGroups.Of(Operations, view.Spans.Strings));
        _weights = new(() => WeightsOf(view.Spans));
        _parts = new(() => view.Spans.RowCount == 0 ? [] : [_values.Value.Part]);
    }

    /// <inheritdoc/>
    public object Identity => _derived;

    /// <inheritdoc/>
    public bool IsLasting => false;

    /// <inheritdoc/>
    public SpanBatch Tables => _view.Spans;

    /// <inheritdoc/>
    public OperationTable Operations => _values.Value.Operations;

    /// <inheritdoc/>
    public OperationGroups OperationGroups => _groups.Value;

    /// <inheritdoc/>
    public IReadOnlyList<(int Key, AttributeType Type, long Values)> SpanKeys
    {
        get
        {
            var spans = _view.Spans;
            var ofShape = new long[spans.Shapes.Count];
            foreach (var shape in spans.Shape.Span[..spans.RowCount]) ofShape[shape]++;
            var members = new Dictionary<int, long>();
            for (var shape = 0; shape < ofShape.Length; shape++)
            {
                if (ofShape[shape] == 0) continue;
                foreach (var member in spans.Shapes[shape]) members[member] = members.GetValueOrDefault(member) + ofShape[shape];
            }
            return [.. members.Select(m => (ShapeTable.KeyOf(m.Key), ShapeTable.TypeOf(m.Key), m.Value))];
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<SegmentPart> Parts => _parts.Value;

    /// <inheritdoc/>
    public ISegmentPart Open(int part) => new HeadPart(_view, _values.Value);

    /// <inheritdoc/>
    public int TraceCount => _view.TraceCount;

    /// <inheritdoc/>
    public ReadOnlySpan<TraceId> TraceIds => _ids.Value;

    /// <inheritdoc/>
    public ReadOnlySpan<TraceId> SplitTraceIds => [];

    /// <inheritdoc/>
    public SegmentSummaries? Summaries => null;

    /// <inheritdoc/>
    public SpanWeights? Weights => _weights.Value;

    /// <inheritdoc/>
    public bool MayHold(TraceId id) => _view.FindTrace(id) >= 0;

    /// <inheritdoc/>
    public int FindTrace(TraceId id) => _view.FindTrace(id);

    /// <inheritdoc/>
    public TraceFacts Facts(int trace, out string? errorType)
    {
        var facts = new TraceAnalysis(_view.Spans).Of(RowsOf(trace));
        errorType = facts.ErrorType < 0 ? null : Encoding.UTF8.GetString(_view.Spans.Strings[facts.ErrorType]);
        return facts;
    }

    /// <inheritdoc/>
    public void CopyTrace(int trace, SpanTable into, IReadBounds bounds)
    {
        for (var rows = RowsOf(trace); !rows.IsEmpty;)
        {
            bounds.Check();
            var (before, count) = (into.MemoryBytes, Math.Min(rows.Length, CopiedAtOnce));
            into.Add(_view.Spans, rows[..count]);
            bounds.Charge(into.MemoryBytes - before);
            rows = rows[count..];
        }
    }

    private static SpanWeights? WeightsOf(SpanBatch spans)
    {
        // Mostly no text says anything about sampling.
        if (spans.Strings.Entries.IndexOf("th:"u8) < 0) return null;
        var byState = new float[spans.Strings.Count];
        var before = -1;
        foreach (var state in spans.TraceState.Span[..spans.RowCount])
        {
            if (state == before || byState[state] > 0) continue;
            byState[state] = (float)SamplingThreshold.WeightOf(SamplingThreshold.Read(spans.Strings[state]));
            before = state;
        }
        var weights = new SpanWeights(byState);
        return weights.Any ? weights : null;
    }

    private ReadOnlySpan<int> RowsOf(int trace)
    {
        var rows = new Column<int>(16);
        _view.AppendRowsOf(trace, ref rows);
        return rows.Span;
    }
}
