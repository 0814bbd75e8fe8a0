using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Logs.Columns;

/// <summary>
/// Records in memory in the order of their arrival, as a head has them and as a row group is made of them. One owner appends and is not thread safe; <see cref="Snapshot"/> gives others a view of
/// the rows so far. Numbers of strings, resources and so on are the chunk's own.
/// </summary>
internal sealed class LogChunk
{
    /// <summary>An empty chunk.</summary>
    public LogChunk()
    {
    }

    /// <summary>How large a chunk became.</summary>
    internal readonly record struct Extent(int Rows, int Strings, int Spans, int Values);

    /// <summary>An empty chunk that is expected to become as large as another one: tables that grow look all of their entries up again.</summary>
    public LogChunk(in Extent like)
    {
        Tables.Strings = new ByteDictionary(like.Strings * 2);
        Spans = new DistinctTable<LogSpan>(like.Spans);
        At = new(like.Rows);
        Observed = new(like.Rows);
        Sequence = new(like.Rows);
        Class = new(like.Rows);
        Span = new(like.Rows);
        Body = new(like.Rows);
        ValueOffset.Reserve(like.Rows);
        Values = new(like.Values + like.Values / 8);
    }

    /// <summary>How large it is now.</summary>
    public Extent Size => new(RowCount, Tables.Strings.Count, Spans.Count, Values.Count);

    /// <summary>What the classes, bodies and values refer to.</summary>
    public LogTables Tables = new();

    /// <summary>By row: its time.</summary>
    public Column<ulong> At = new(0);

    /// <summary>By row: when it was observed.</summary>
    public Column<ulong> Observed = new(0);

    /// <summary>By row: its number in the order of arrival.</summary>
    public Column<ulong> Sequence = new(0);

    /// <summary>By row: its class.</summary>
    public Column<int> Class = new(0);

    /// <summary>By row: its place among the spans.</summary>
    public Column<int> Span = new(0);

    /// <summary>By row: its body, an id of the strings.</summary>
    public Column<int> Body = new(0);

    /// <summary>One more than there are rows: row i has the values [offset i, offset i + 1), one for each member of its shape.</summary>
    public Column<int> ValueOffset = OffsetColumn.New();

    /// <summary>Values as <see cref="AttributeColumns"/> has them.</summary>
    public Column<long> Values = new(0);

    /// <summary>Traces and spans that the rows name.</summary>
    public DistinctTable<LogSpan> Spans = new();

    /// <summary>The earliest time.</summary>
    public ulong FirstAt { get; private set; } = ulong.MaxValue;

    /// <summary>The latest time.</summary>
    public ulong LastAt { get; private set; }

    /// <summary>Number of rows.</summary>
    public int RowCount => At.Count;

    /// <summary>Memory in use, in bytes, near enough for limits.</summary>
    public long UsedBytes => RowCount * 40L + Values.Count * 8L + Tables.UsedBytes + Spans.UsedBytes;

    /// <summary>Closes a row whose values have just been appended.</summary>
    public void EndRow(ulong at, ulong observed, ulong sequence, int logClass, int span, int body)
    {
        (FirstAt, LastAt) = (Math.Min(FirstAt, at), Math.Max(LastAt, at));
        ValueOffset.Add(Values.Count);
        Observed.Add(observed);
        Sequence.Add(sequence);
        Class.Add(logClass);
        Span.Add(span);
        Body.Add(body);
        At.Add(at);
    }

    /// <summary>A view of the rows so far, for readers, while the owner goes on appending.</summary>
    public LogChunk Snapshot()
    {
        var copy = (LogChunk)MemberwiseClone();
        copy.Tables = Tables.Snapshot();
        copy.Spans = Spans.Snapshot();
        return copy;
    }
}
