using Throughline.Engine.Model;

namespace Throughline.Engine.Query;

/// <summary>How the matches of a search are to be counted.</summary>
/// <param name="FromUnixNano">Where the first column begins; null: with the first trace that may match.</param>
/// <param name="ToUnixNano">Where the last column ends; null: after the last trace that may match.</param>
/// <param name="Columns">Columns of time, from 1 to <see cref="MaxColumns"/>.</param>
/// <param name="RowsPerDoubling">Rows of duration from one length to twice that: 1, 2, 4 or 8.</param>
/// <param name="Points">Traces up to which each is listed by itself, at most <see cref="MaxPoints"/>; 0 lists none.</param>
public sealed record DistributionRequest(ulong? FromUnixNano, ulong? ToUnixNano, int Columns, int RowsPerDoubling, int Points)
{
    /// <summary>Columns that one distribution may have.</summary>
    public const int MaxColumns = 1000;

    /// <summary>Traces that one distribution may list.</summary>
    public const int MaxPoints = 5000;
}

/// <summary>Traces that start in a column and whose duration lies in a row.</summary>
/// <param name="Row">0 is the first of <see cref="TraceDistribution.RowEdgesNano"/>.</param>
/// <param name="Errors">How many of them have errors.</param>
public readonly record struct DistributionCell(int Column, int Row, long Traces, long Errors);

/// <summary>One trace of a distribution.</summary>
/// <param name="Errors">Its spans that count as errors.</param>
public readonly record struct DistributionPoint(TraceId TraceId, ulong StartUnixNano, ulong DurationNano, int Errors);

/// <summary>
/// All the matches of a search, counted by time and by duration. A trace that starts outside the columns is counted in the nearest one. Immutable.
/// </summary>
/// <param name="FirstUnixNano">Where the first column begins.</param>
/// <param name="ColumnNano">Length of a column, at least 1.</param>
/// <param name="Total">The matches.</param>
/// <param name="ErrorTraces">Those with errors.</param>
/// <param name="Traces">Matches by column.</param>
/// <param name="Errors">Matches with errors by column.</param>
/// <param name="RowEdgesNano">Row i holds durations from its edge i up to, but not including, edge i + 1; empty without matches. Where the largest row has no end, it is the largest number.</param>
/// <param name="Cells">The cells that hold traces, by column and row.</param>
/// <param name="P50Nano">The duration that has this rank (nearest rank): exactly where the points are listed, else within 1.6 %. Null without matches.</param>
/// <param name="P95Nano">As <paramref name="P50Nano"/>.</param>
/// <param name="P99Nano">As <paramref name="P50Nano"/>.</param>
/// <param name="DurationSumNano">The durations added up; the largest number when they are more.</param>
/// <param name="WaitingSumNano">The waiting times added up, likewise.</param>
/// <param name="Durations">Matches by duration.</param>
/// <param name="Waits">Matches by waiting time.</param>
/// <param name="Points">Every match, newest first, when they are no more than were asked for; else null.</param>
/// <param name="Truncated">Why not all matches were counted; null when they were.</param>
public sealed record TraceDistribution(
    ulong FirstUnixNano, ulong ColumnNano, Total Total, Total ErrorTraces, IReadOnlyList<long> Traces, IReadOnlyList<long> Errors, IReadOnlyList<ulong> RowEdgesNano, IReadOnlyList<DistributionCell> Cells,
    ulong? P50Nano, ulong? P95Nano, ulong? P99Nano, ulong DurationSumNano, ulong WaitingSumNano, TraceHistogram Durations, TraceHistogram Waits, IReadOnlyList<DistributionPoint>? Points, Truncation? Truncated);

/// <summary>Traces by a length of time, in steps of a quarter of a doubling. Immutable.</summary>
/// <param name="EdgesNano">Step i holds lengths from edge i up to, but not including, edge i + 1; empty without traces.</param>
/// <param name="Traces">Traces by step.</param>
public sealed record TraceHistogram(IReadOnlyList<ulong> EdgesNano, IReadOnlyList<long> Traces);
