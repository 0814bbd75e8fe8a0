using System.Text;
using Throughline.Engine.Logs.Columns;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Query.Execution;

namespace Throughline.Engine.Logs.Execution;

/// <summary>Makes entries of rows; resources and scopes are made once for all entries that share them. One query's own; not thread safe.</summary>
internal sealed class LogEntryReader(QueryBounds bounds)
{
    private readonly Dictionary<(LogTables, int), LogResource> _resources = [];
    private readonly Dictionary<(LogTables, int), LogScope> _scopes = [];
    private byte[] _buffer = [];

    /// <summary>The entry of a row.</summary>
    public LogEntry Read(LogPart part, int row, ulong at, ulong sequence)
    {
        var tables = part.Tables;
        var c = part.ClassTable[(int)part.Classes[row]];
        var span = part.SpanTable[(int)part.Spans[row]];
        var body = part.Body(row, ref _buffer);
        bounds.Charge(2L * body.Length + 200);
        return new LogEntry(
            at, sequence, c.TimeSource == LogTimeSource.Own ? at : 0, part.Observed(row), span.TraceId, new SpanId(span.SpanId), c.SeverityNumber, Text(tables, c.SeverityText),
            Encoding.UTF8.GetString(body), (AttributeType)c.BodyType, Text(tables, c.EventName), (uint)c.Flags, (uint)c.DroppedAttributes, c.SpanMarks, Attributes(part, row, c.Shape),
            Resource(tables, c.Resource), Scope(tables, c.Scope));
    }

    private static string Text(LogTables tables, int id) => Encoding.UTF8.GetString(tables.Strings[id]);

    private LogAttribute[] Attributes(LogPart part, int row, int shape)
    {
        var members = part.Tables.Shapes[shape];
        var attributes = new LogAttribute[members.Length];
        for (var i = 0; i < attributes.Length; i++)
        {
            if ((i & 255) == 255) bounds.Check();
            var type = ShapeTable.TypeOf(members[i]);
            var bytes = LogTables.IsBytes(type) ? part.Bytes(row, i, ref _buffer) : [];
            bounds.Charge(2L * bytes.Length + 100);
            attributes[i] = new LogAttribute(Text(part.Tables, ShapeTable.KeyOf(members[i])), AttributeValue.Of(type, LogTables.IsBytes(type) ? 0 : part.Number(row, i), bytes));
        }
        return attributes;
    }

    private LogResource Resource(LogTables tables, int resource)
    {
        if (_resources.TryGetValue((tables, resource), out var known)) return known;
        var table = tables.Resources;
        return _resources[(tables, resource)] = new LogResource(Text(tables, table.Service[resource]), Text(tables, table.SchemaUrl[resource]), table.DroppedAttributes[resource],
            Attributes(tables, table.Attributes, table.AttributeOffset[resource], table.AttributeOffset[resource + 1]));
    }

    private LogScope Scope(LogTables tables, int scope)
    {
        if (_scopes.TryGetValue((tables, scope), out var known)) return known;
        var table = tables.Scopes;
        return _scopes[(tables, scope)] = new LogScope(Text(tables, table.Name[scope]), Text(tables, table.Version[scope]), Text(tables, table.SchemaUrl[scope]), table.DroppedAttributes[scope],
            Attributes(tables, table.Attributes, table.AttributeOffset[scope], table.AttributeOffset[scope + 1]));
    }

    private static LogAttribute[] Attributes(LogTables tables, AttributeColumns columns, int first, int end)
    {
        var attributes = new LogAttribute[end - first];
        for (var i = first; i < end; i++) attributes[i - first] = new LogAttribute(Text(tables, columns.Key[i]), AttributeValue.Read(tables.Strings, tables.Blobs, columns, i));
        return attributes;
    }
}
