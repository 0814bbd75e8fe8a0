using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Query.Execution;

/// <summary>
/// Counts spans for what they stand for, in whole numbers: of each place the fractions are carried on from span to span, so that its sum is never further than one half from the sum of the weights.
/// Not thread safe.
/// </summary>
internal sealed class WeightedCounts(int places)
{
    private double[]? _spans;
    private double[]? _errors;

    /// <summary>Whether a span stood for more than itself: the counts are estimates.</summary>
    public bool IsEstimated { get; private set; }

    /// <summary>How many spans, and how many errors, a span of a place is to be counted as.</summary>
    public (long Spans, long Errors) Of(int place, double weight, bool isError)
    {
        if (weight == 1 && _spans is null) return (1, isError ? 1 : 0);
        IsEstimated |= weight > 1;
        _spans ??= Halves();
        _errors ??= Halves();
        return (Whole(ref _spans[place], weight), isError ? Whole(ref _errors[place], weight) : 0);
    }

    private double[] Halves()
    {
        var halves = new double[places];
        Array.Fill(halves, 0.5);
        return halves;
    }

    private static long Whole(ref double carried, double weight)
    {
        carried += weight;
        var whole = Math.Floor(carried);
        carried -= whole;
        return (long)Math.Min(whole, 1L << 56);
    }
}

/// <summary>The weights of a part's rows; all are 1 where the segment has none.</summary>
internal readonly struct RowWeights(SpanWeights? weights, ISegmentPart columns)
{
    private readonly NumberVector? _states = weights is null ? null : columns.Rows(RowColumn.TraceState);

    /// <summary>What a row stands for.</summary>
    public double Of(int row) => weights is null || _states is null ? 1 : weights.Of(_states[row]);
}
