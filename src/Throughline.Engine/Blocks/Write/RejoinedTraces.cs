using Throughline.Engine.Model;

namespace Throughline.Engine.Blocks.Write;

/// <summary>The traces that lie in several of the blocks that are merged, put together, in the order of a block. Not thread safe.</summary>
internal sealed class RejoinedTraces
{
    private readonly SpanTableView _view;
    private readonly TraceOrder _order = new();
    private int _next;

    /// <summary>Puts the traces together; equal spans are one.</summary>
    public RejoinedTraces(IReadOnlyList<MergeInput> inputs, IReadOnlySet<TraceId> traces, BlockTablesBuilder tables, CancellationToken cancellationToken)
    {
        var table = new SpanTable();
        if (traces.Count > 0)
        {
            foreach (var input in inputs) input.Collect(traces, table, cancellationToken);
        }
        _view = table.Snapshot();
        _order.Of(_view, [], cancellationToken);
        Numbers = new SourceNumbers(tables);
        Numbers.From(_view.Spans);
    }

    /// <summary>The numbers of the rows in the block that is written.</summary>
    public SourceNumbers Numbers { get; }

    /// <summary>The present trace.</summary>
    public TraceId TraceId => _view.TraceId(_order.At(_next).Trace);

    /// <summary>Its rows.</summary>
    public ReadOnlySpan<int> Rows => _order.At(_next).Rows.Span;

    /// <summary>Its start.</summary>
    public ulong StartUnixNano => _view.Spans.StartUnixNano[Rows[0]];

    /// <summary>True when the present trace comes before that of an input, or the input has none.</summary>
    public bool IsBefore(MergeInput? input)
    {
        if (_next == _order.Count) return false;
        if (input is null) return true;
        var order = StartUnixNano.CompareTo(input.StartUnixNano);
        return order < 0 || (order == 0 && TraceId.CompareTo(input.TraceId) < 0);
    }

    /// <summary>Goes on to the next trace.</summary>
    public void MoveNext() => _next++;
}
