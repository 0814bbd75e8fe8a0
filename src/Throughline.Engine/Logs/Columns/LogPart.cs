using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Logs.Columns;

/// <summary>A text that is looked for: what it is, and the test that says of bytes whether it is in them.</summary>
internal sealed record LogNeedle(string Text, EntryTest Test);

/// <summary>
/// Some thousand records of a snapshot, column by column; a column is read when it is asked for. Rows are numbered within the part. What it gives out is immutable. Thread safe. Members throw
/// <see cref="Files.CorruptDataException"/> where stored bytes are not what was written.
/// </summary>
internal abstract class LogPart
{
    /// <summary>Number of rows, at least 1.</summary>
    public abstract int Rows { get; }

    /// <summary>The earliest time.</summary>
    public abstract ulong FirstAt { get; }

    /// <summary>The latest time.</summary>
    public abstract ulong LastAt { get; }

    /// <summary>The smallest sequence number.</summary>
    public abstract ulong FirstSequence { get; }

    /// <summary>The largest sequence number.</summary>
    public abstract ulong LastSequence { get; }

    /// <summary>Records by <see cref="LogLevel"/>; null when that is not known without looking at the rows.</summary>
    public abstract long[]? LevelCounts { get; }

    /// <summary>Records and errors by service; null when that is not known without looking at the rows.</summary>
    public abstract IReadOnlyList<LogService>? Services { get; }

    /// <summary>Whether rows lie in the order of their times, those of one time in that of their numbers.</summary>
    public abstract bool IsSorted { get; }

    /// <summary>False when no record is of the trace, known without reading columns.</summary>
    public abstract bool MayHave(TraceId traceId);

    /// <summary>What the classes refer to.</summary>
    public abstract LogTables Tables { get; }

    /// <summary>By row: its time.</summary>
    public abstract NumberVector At { get; }

    /// <summary>By row: its number in the order of arrival.</summary>
    public abstract NumberVector Sequence { get; }

    /// <summary>When a row was observed; 0 where that is not known.</summary>
    public abstract ulong Observed(int row);

    /// <summary>The classes. They are not always those of the tables.</summary>
    public abstract ReadOnlySpan<LogClass> ClassTable { get; }

    /// <summary>By row: its place in <see cref="ClassTable"/>.</summary>
    public abstract NumberVector Classes { get; }

    /// <summary>By row: its place in <see cref="SpanTable"/>.</summary>
    public abstract NumberVector Spans { get; }

    /// <summary>The traces and spans that the records name.</summary>
    public abstract ReadOnlySpan<LogSpan> SpanTable { get; }

    /// <summary>The records' own values under one key (an id of the tables' strings), a column for each type. One query's own.</summary>
    public abstract IReadOnlyList<ValueColumn> Attribute(int key);

    /// <summary>All string values of the records' own attributes, in as many columns as the part finds convenient. One query's own.</summary>
    public abstract IEnumerable<ValueColumn> Texts();

    /// <summary>Adds to <paramref name="found"/> those of the candidates whose body's text contains the needle.</summary>
    public abstract void MarkBodies(LogNeedle needle, ReadOnlySpan<ulong> candidates, Span<ulong> found, IReadBounds bounds);

    /// <summary>A row's body; valid until the buffer is used again.</summary>
    public abstract ReadOnlySpan<byte> Body(int row, ref byte[] buffer);

    /// <summary>The number of a row's attribute (bool, int, double) by its place among the row's attributes.</summary>
    public abstract long Number(int row, int member);

    /// <summary>The bytes of a row's attribute (text, bytes, encoded list) by its place among the row's attributes; valid until the buffer is used again.</summary>
    public abstract ReadOnlySpan<byte> Bytes(int row, int member, ref byte[] buffer);
}
