using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Logs;

/// <summary>
/// Log records as columns, with their strings in one dictionary: the form in which they leave the decoder and go to the head. Row i of every column belongs to the same record. One owner
/// appends and is not thread safe; <see cref="Snapshot"/> gives others a view of the rows so far that stays valid while the owner goes on (but not past <see cref="Clear"/>).
/// </summary>
public sealed class LogBatch
{
    /// <summary>Bodies, keys, string values, severity texts, event names, schema URLs; valid UTF-8.</summary>
    public ByteDictionary Strings = new();

    /// <summary>Encoded OTLP ArrayValue and KeyValueList messages of attributes, and byte values.</summary>
    public ByteDictionary Blobs = new();

    /// <summary>OTLP's time_unix_nano as it came; 0 when the record has none.</summary>
    public Column<ulong> TimeUnixNano = new(0);

    /// <summary>OTLP's observed_time_unix_nano as it came; 0 when the record has none.</summary>
    public Column<ulong> ObservedUnixNano = new(0);

    /// <summary>The trace; all zero when the record belongs to none.</summary>
    public Column<TraceId> TraceId = new(0);

    /// <summary>The span's id (<see cref="Model.SpanId"/>), 0 for none.</summary>
    public Column<ulong> SpanId = new(0);

    /// <summary>OTLP's severity_number as it came: 0 for none, 1 to 24, or an unknown number (<see cref="LogSeverity"/>).</summary>
    public Column<int> SeverityNumber = new(0);

    /// <summary>Id in the strings.</summary>
    public Column<int> SeverityText = new(0);

    /// <summary>
    /// Id in the strings: the text of a string body; of another body its JSON text (numbers and bools as such, bytes as a string of base64, lists and maps as arrays and objects); the empty
    /// text where there is no body.
    /// </summary>
    public Column<int> Body = new(0);

    /// <summary>The <see cref="AttributeType"/> that the body had.</summary>
    public Column<byte> BodyType = new(0);

    /// <summary>Id in the strings of OTLP's event_name.</summary>
    public Column<int> EventName = new(0);

    /// <summary>W3C trace flags and OTLP's flag bits.</summary>
    public Column<uint> Flags = new(0);

    /// <summary>OTLP's dropped_attributes_count.</summary>
    public Column<uint> DroppedAttributes = new(0);

    /// <summary>A <see cref="SpanMarks"/> each: what processing or decoding changed of the record.</summary>
    public Column<byte> Marks = new(0);

    /// <summary>Row in <see cref="Resources"/>.</summary>
    public Column<int> Resource = new(0);

    /// <summary>Row in <see cref="Scopes"/>.</summary>
    public Column<int> Scope = new(0);

    /// <summary>One more than there are rows: row i has the attributes [offset i, offset i + 1).</summary>
    public Column<int> AttributeOffset = OffsetColumn.New();

    /// <summary>The records' attributes.</summary>
    public AttributeColumns Attributes = new();

    /// <summary>The resources that <see cref="Resource"/> numbers.</summary>
    public ResourceTable Resources = new();

    /// <summary>The scopes that <see cref="Scope"/> numbers.</summary>
    public ScopeTable Scopes = new();

    /// <summary>Number of records.</summary>
    public int RowCount => TimeUnixNano.Count;

    /// <summary>The text that a number in the strings stands for. For reading single values; it makes a string each time.</summary>
    public string Text(int id) => System.Text.Encoding.UTF8.GetString(Strings[id]);

    /// <summary>Closes the row whose columns and attributes have just been appended.</summary>
    internal void EndRow() => AttributeOffset.Add(Attributes.Count);

    /// <summary>Forgets attributes that were appended for a row that was not closed.</summary>
    internal void AbandonRow() => Attributes.Truncate(AttributeOffset[RowCount]);

    /// <summary>Takes the rows behind the first <paramref name="rows"/> away again; the owner only, and only when no snapshot holds them. Their strings stay in the dictionaries.</summary>
    internal void Truncate(int rows)
    {
        TimeUnixNano.Truncate(rows);
        ObservedUnixNano.Truncate(rows);
        TraceId.Truncate(rows);
        SpanId.Truncate(rows);
        SeverityNumber.Truncate(rows);
        SeverityText.Truncate(rows);
        Body.Truncate(rows);
        BodyType.Truncate(rows);
        EventName.Truncate(rows);
        Flags.Truncate(rows);
        DroppedAttributes.Truncate(rows);
        Marks.Truncate(rows);
        Resource.Truncate(rows);
        Scope.Truncate(rows);
        AttributeOffset.Truncate(rows + 1);
        AbandonRow();
    }

    /// <summary>Memory held by the columns and dictionaries, in bytes, near enough for limits.</summary>
    public long MemoryBytes => SpanId.Items.LongLength * RowBytes + Strings.MemoryBytes + Blobs.MemoryBytes + Attributes.MemoryBytes
        + Resources.Attributes.MemoryBytes + Scopes.Attributes.MemoryBytes;

    private const int RowBytes = 82;

    /// <summary>A view of the rows so far, for readers, while this batch's owner goes on appending.</summary>
    public LogBatch Snapshot()
    {
        var copy = (LogBatch)MemberwiseClone();
        copy.Strings = Strings.Snapshot();
        copy.Blobs = Blobs.Snapshot();
        copy.Attributes = Attributes.Snapshot();
        copy.Resources = Resources.Snapshot();
        copy.Scopes = Scopes.Snapshot();
        return copy;
    }

    /// <summary>Forgets everything, to be used anew; dictionaries of more than <paramref name="keepBytes"/> give their memory back. No snapshot of it may be in use.</summary>
    public void Clear(int keepBytes = 1 << 20)
    {
        Truncate(0);
        Resources.Clear();
        Scopes.Clear();
        Strings.Clear(keepBytes);
        Blobs.Clear(keepBytes);
    }
}
