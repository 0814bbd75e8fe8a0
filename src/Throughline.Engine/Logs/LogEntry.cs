using Throughline.Engine.Model;
using Throughline.Engine.Query;

namespace Throughline.Engine.Logs;

/// <summary>A log record as it is shown. Immutable; entries of one answer share their resources and scopes.</summary>
/// <param name="AtUnixNano">The time that it is ordered and found by: its own time, else when it was observed, else when it was received.</param>
/// <param name="Sequence">Its number in the order of arrival; no two records of a store share one. Never 0.</param>
/// <param name="TimeUnixNano">Its own time as it came; 0 when it has none.</param>
/// <param name="ObservedUnixNano">When it was observed, as it came; 0 when it has none.</param>
/// <param name="TraceId">Its trace; not valid when it belongs to none.</param>
/// <param name="SpanId">Its span; not valid when it belongs to none.</param>
/// <param name="BodyType">What <paramref name="Body"/> was: a string, nothing (<see cref="AttributeType.Empty"/>), or a value of which the body is the JSON text.</param>
public sealed record LogEntry(ulong AtUnixNano, ulong Sequence, ulong TimeUnixNano, ulong ObservedUnixNano, TraceId TraceId, SpanId SpanId, int SeverityNumber, string SeverityText,
    string Body, AttributeType BodyType, string EventName, uint Flags, uint DroppedAttributes, SpanMarks Marks, IReadOnlyList<LogAttribute> Attributes, LogResource Resource, LogScope Scope);

/// <summary>An attribute of a record, a resource or a scope.</summary>
public readonly record struct LogAttribute(string Key, AttributeValue Value);

/// <summary>What a record comes from.</summary>
/// <param name="Service">The first string attribute <c>service.name</c>, or <see cref="Model.Columns.ResourceTable.UnknownService"/>.</param>
public sealed record LogResource(string Service, string SchemaUrl, uint DroppedAttributes, IReadOnlyList<LogAttribute> Attributes);

/// <summary>The instrumentation scope (the logger) that made a record.</summary>
public sealed record LogScope(string Name, string Version, string SchemaUrl, uint DroppedAttributes, IReadOnlyList<LogAttribute> Attributes);

/// <summary>One page of records.</summary>
/// <param name="Entries">In the order that was asked for.</param>
/// <param name="Total">Matches, whatever the cursor; exact when all were counted.</param>
/// <param name="Next">Where the next page begins; null when this is the last.</param>
/// <param name="LastSequence">The newest record that the answer could have seen: <see cref="LogPlan.ArrivedAfter"/> of a later question for what is new.</param>
/// <param name="Truncated">Why the answer may lack matches; null when it does not.</param>
public sealed record LogPage(IReadOnlyList<LogEntry> Entries, Total Total, LogCursor? Next, ulong LastSequence, Truncation? Truncated);

/// <summary>Matches by time and level.</summary>
/// <param name="FromUnixNano">Begin of the first step.</param>
/// <param name="StepNano">Length of a step; at least 1. The last step takes all matches behind its begin.</param>
/// <param name="Steps">Of each step the matches of each level, indexed by <see cref="LogLevel"/>.</param>
/// <param name="Total">All matches.</param>
/// <param name="Truncated">Why not all matches were counted; null when they were.</param>
public sealed record LogHistogram(ulong FromUnixNano, ulong StepNano, IReadOnlyList<long[]> Steps, Total Total, Truncation? Truncated);

/// <summary>A value of a key and the matches that have it.</summary>
public readonly record struct LogValueCount(string Text, long Entries);

/// <summary>The values that the matches have under one key.</summary>
/// <param name="Values">The commonest first, ties by text.</param>
/// <param name="Distinct">Different values; where they are not exact, neither are the values and their counts, which then are at least so many.</param>
/// <param name="Truncated">Why not all matches were counted; null when they were.</param>
public sealed record LogValues(string Key, IReadOnlyList<LogValueCount> Values, Total Distinct, Truncation? Truncated);

/// <summary>A key of attributes that the store has.</summary>
/// <param name="Parts">Parts of the store, of some thousand records each, that have it: how common it is, roughly.</param>
public sealed record LogKey(string Key, bool IsResource, IReadOnlyList<AttributeType> Types, int Parts);

/// <summary>Keys of attributes, by key, the records' own before those of resources.</summary>
/// <param name="Truncated">Why some may be missing; null when none is.</param>
public sealed record LogKeys(IReadOnlyList<LogKey> Keys, Truncation? Truncated);

/// <summary>Records of a service, and how many of them are of the level error or fatal.</summary>
public sealed record LogService(string Name, long Entries, long Errors);

/// <summary>Services with records, by name.</summary>
/// <param name="Truncated">Why some records were not counted; null when all were.</param>
public sealed record LogServices(IReadOnlyList<LogService> Services, Truncation? Truncated);
