namespace Throughline.Engine.Metrics;

/// <summary>The rows of a batch by series, for reading series one by one. Immutable.</summary>
internal sealed class SeriesRows
{
    private readonly MetricBatch _batch;
    private readonly int[] _firstOfSeries;
    private readonly int[] _rows;

    /// <summary>Counts the rows and puts them in order; costs what the batch has rows.</summary>
    public SeriesRows(MetricBatch batch)
    {
        _batch = batch;
        _firstOfSeries = new int[batch.Keys.Count + 1];
        _rows = new int[batch.RowCount];
        foreach (var series in batch.Series.Span) _firstOfSeries[series + 1]++;
        for (var i = 1; i < _firstOfSeries.Length; i++) _firstOfSeries[i] += _firstOfSeries[i - 1];
        var next = _firstOfSeries.AsSpan().ToArray();
        for (var row = 0; row < _rows.Length; row++) _rows[next[batch.Series[row]]++] = row;
    }

    /// <summary>Appends the points of a series with times in [from, to], in the order in which they came.</summary>
    public void Read(int series, ulong from, ulong to, SeriesPoints into)
    {
        var hasDistributions = HasDistributions(series);
        foreach (var row in _rows.AsSpan(_firstOfSeries[series].._firstOfSeries[series + 1]))
        {
            if (_batch.Time[row] < from || _batch.Time[row] > to) continue;
            into.Add(_batch.Time[row], _batch.Start[row], _batch.Value[row], hasDistributions ? _batch.DistributionMemory(row) : (ReadOnlyMemory<byte>?)null);
        }
    }

    /// <summary>Whether a series has points at all, which one of another view may lack.</summary>
    public int CountOf(int series) => _firstOfSeries[series + 1] - _firstOfSeries[series];

    private bool HasDistributions(int series) => CountOf(series) > 0 && MetricIdentity.IsOfDistributions(MetricIdentity.ReadKind(_batch.Keys[series], out _));
}
