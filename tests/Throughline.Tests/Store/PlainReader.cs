using System.Text;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Tests.Store;

/// <summary>Reads rows of a batch back as plain spans.</summary>
internal static class PlainReader
{
    public static IEnumerable<PlainSpan> Read(SpanBatch batch) => Enumerable.Range(0, batch.RowCount).Select(row => Read(batch, row));

    public static PlainSpan Read(SpanBatch b, int row) => new()
    {
        TraceId = b.TraceId[row],
        SpanId = b.SpanId[row],
        ParentSpanId = b.ParentSpanId[row],
        Start = b.StartUnixNano[row],
        End = b.EndUnixNano[row],
        Name = Text(b, b.Name[row]),
        Kind = b.Kind[row],
        Status = b.Status[row],
        StatusMessage = Text(b, b.StatusMessage[row]),
        TraceState = Text(b, b.TraceState[row]),
        Flags = b.Flags[row],
        DroppedAttributes = b.DroppedAttributes[row],
        DroppedEvents = b.DroppedEvents[row],
        DroppedLinks = b.DroppedLinks[row],
        Attributes = Attributes(b, b.Attributes, b.AttributeOffset, row),
        Events = [.. Range(b.EventOffset, row).Select(e => new PlainEvent(b.Events.TimeUnixNano[e], Text(b, b.Events.Name[e]), b.Events.DroppedAttributes[e], Attributes(b, b.Events.Attributes, b.Events.AttributeOffset, e)))],
        Links = [.. Range(b.LinkOffset, row).Select(l => new PlainLink(b.Links.TraceId[l], b.Links.SpanId[l], Text(b, b.Links.TraceState[l]), b.Links.Flags[l], b.Links.DroppedAttributes[l], Attributes(b, b.Links.Attributes, b.Links.AttributeOffset, l)))],
        Resource = Resource(b, b.Resource[row]),
        Scope = Scope(b, b.Scope[row]),
    };

    private static PlainResource Resource(SpanBatch b, int i) => new(Attributes(b, b.Resources.Attributes, b.Resources.AttributeOffset, i), b.Resources.DroppedAttributes[i], Text(b, b.Resources.SchemaUrl[i]));

    private static PlainScope Scope(SpanBatch b, int i) =>
        new(Text(b, b.Scopes.Name[i]), Text(b, b.Scopes.Version[i]), Text(b, b.Scopes.SchemaUrl[i]), b.Scopes.DroppedAttributes[i], Attributes(b, b.Scopes.Attributes, b.Scopes.AttributeOffset, i));

    private static PlainAttribute[] Attributes(SpanBatch b, AttributeColumns attributes, Column<int> offsets, int owner) =>
        [.. Range(offsets, owner).Select(i => new PlainAttribute(Text(b, attributes.Key[i]), Value(AttributeValue.Read(b, attributes, i))))];

    private static PlainValue Value(AttributeValue v) => new(v.Type, v.Text, v.Number, v.Bytes.ToArray(), [.. v.Items.Select(Value)], [.. v.Keys]);

    private static IEnumerable<int> Range(Column<int> offsets, int owner) => Enumerable.Range(offsets[owner], offsets[owner + 1] - offsets[owner]);

    private static string Text(SpanBatch b, int id) => Encoding.UTF8.GetString(b.Strings[id]);
}
