using Throughline.Engine.Model;
using Throughline.Engine.Query.Plan;

namespace Throughline.Engine.Query;

/// <summary>A trace as a line of a result, over all its spans wherever they lie, duplicates collapsed.</summary>
/// <param name="Root">The earliest span without a parent; null when there is none.</param>
/// <param name="First">The earliest span.</param>
/// <param name="WaitingNano">Explicit wait spans (attribute <c>wait.kind</c>) and gaps that no span covers.</param>
/// <param name="Orphans">Spans whose parent is named but not there.</param>
/// <param name="ErrorType">The commonest error.type or exception.type of failed spans, else the first failed span's status message.</param>
/// <param name="Services">By number of spans, largest first, ties by name.</param>
public sealed record TraceSummary(TraceId TraceId, SpanLabel? Root, SpanLabel First, ulong StartUnixNano, ulong DurationNano, ulong WaitingNano,
    int Spans, int Errors, int Orphans, string? ErrorType, IReadOnlyList<ServiceCount> Services);

/// <summary>Service and name of one span.</summary>
public sealed record SpanLabel(string Service, string Name);

/// <summary>Spans and errors of one service in a trace.</summary>
public sealed record ServiceCount(string Name, int Spans, int Errors);

/// <summary>A number that is exact, or a lower bound.</summary>
public readonly record struct Total(long Value, bool IsExact);

/// <summary>Why a search stopped before it had looked at everything.</summary>
public sealed record Truncation(string Reason, string Message);

/// <summary>One page of traces.</summary>
/// <param name="Next">Where the next page begins; null when this is the last.</param>
/// <param name="SnapshotExpired">The cursor's snapshot was over, so this page ran on a newer one.</param>
public sealed record SearchResult(IReadOnlyList<TraceSummary> Traces, Total Total, Total ErrorTraces, SearchCursor? Next, Truncation? Truncated, bool SnapshotExpired);

/// <summary>Spans of a service.</summary>
public sealed record ServiceStat(string Name, long Spans, long Errors);

/// <summary>Spans of an operation: service, span name and kind (OTLP's number).</summary>
public sealed record OperationStat(string Service, string Name, int Kind, long Spans, long Errors);
