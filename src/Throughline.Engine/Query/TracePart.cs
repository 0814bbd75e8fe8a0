using Throughline.Engine.Model;

namespace Throughline.Engine.Query;

/// <summary>Which part of a trace is wanted.</summary>
/// <param name="Limit">Spans at most.</param>
/// <param name="FromUnixNano">Only spans that overlap [from, to), and their ancestors; null is open.</param>
/// <param name="ToUnixNano">The end of that time.</param>
/// <param name="Wanted">A span that is in the part wherever it lies; null for none.</param>
public sealed record TracePartRequest(int Limit, ulong? FromUnixNano = null, ulong? ToUnixNano = null, SpanId? Wanted = null);

/// <summary>A trace and the part of it that was asked for. Immutable.</summary>
/// <param name="Trace">The whole trace.</param>
/// <param name="Excerpt">The rows that are in the part; null when all of them are.</param>
public sealed record TracePart(TraceView Trace, TraceExcerpt? Excerpt);

/// <summary>A span that links to a span of another trace.</summary>
/// <param name="ToSpanId">The span that it links to, which need not have arrived.</param>
public sealed record LinkedSpan(TraceId TraceId, SpanId SpanId, string Service, string Name, ulong StartUnixNano, SpanId ToSpanId);

/// <summary>Links of other traces to one. Immutable.</summary>
/// <param name="Links">Those of the newest traces first.</param>
/// <param name="Traces">How many other traces link to it.</param>
/// <param name="Truncated">Why not all was looked at; null when it was.</param>
public sealed record LinkedSpans(IReadOnlyList<LinkedSpan> Links, Total Traces, Truncation? Truncated);
