using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;
using Throughline.Engine.Query.Plan;

namespace Throughline.Engine.Query.Execution;

/// <summary>The values of a part's traces that a plan asks for; the others are not read. One thread's own.</summary>
internal sealed class PartTraces
{
    private readonly ISegmentPart _part;
    private readonly NumberVector?[] _columns = new NumberVector?[(int)TraceColumn.Waiting + 1];
    private readonly (TraceColumn Column, ulong Minimum, ulong Maximum)[] _conditions;
    private readonly TraceColumn _key;

    /// <summary>The values for a plan.</summary>
    public PartTraces(SearchPlan plan, ISegmentPart part, bool mayHide)
    {
        _part = part;
        MayHide = mayHide;
        _key = ColumnOf(plan.Order);
        _conditions = [.. plan.Trace.Select(c => (ColumnOf(c.Field), c.Minimum ?? 0, c.Maximum ?? ulong.MaxValue))];
    }

    /// <summary>Whether some trace of the part may be hidden.</summary>
    public bool MayHide { get; }

    /// <summary>When a trace starts.</summary>
    public ulong StartOf(int trace) => Column(TraceColumn.Start)[trace];

    /// <summary>The value that the plan orders by.</summary>
    public ulong KeyOf(int trace) => Column(_key)[trace];

    /// <summary>A value of all traces of the part.</summary>
    public ulong[] All(TraceColumn column) => Column(column).ToArray();

    /// <summary>Whether a trace has errors.</summary>
    public bool HasErrors(int trace) => Column(TraceColumn.Errors)[trace] > 0;

    /// <summary>Whether all the plan's conditions on the trace hold.</summary>
    public bool Holds(int trace)
    {
        foreach (var (column, minimum, maximum) in _conditions)
        {
            var value = Column(column)[trace];
            if (value < minimum || value > maximum) return false;
        }
        return true;
    }

    private NumberVector Column(TraceColumn column) => _columns[(int)column] ??= _part.Traces(column);

    private static TraceColumn ColumnOf(TraceOrder value) => value switch
    {
        TraceOrder.Duration => TraceColumn.Duration,
        TraceOrder.Spans => TraceColumn.Spans,
        TraceOrder.Errors => TraceColumn.Errors,
        TraceOrder.Waiting => TraceColumn.Waiting,
        _ => TraceColumn.Start,
    };
}
