using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Query.Execution;

/// <summary>Spans that contain a text in any of their texts: service, name, status message, string values of theirs, of their resource and their events, names of events.</summary>
internal sealed class FreeTextFilter : SpanFilter
{
    private readonly ulong[] _operations;
    private readonly ulong[] _resources;
    private readonly AnswerBook _texts;
    private readonly AnswerBook _arrays;

    /// <summary>The filter for a segment.</summary>
    public FreeTextFilter(string text, ISpanSegment segment, QueryBounds bounds)
    {
        _texts = new AnswerBook(new TextContains(text), bounds, isScan: true);
        _arrays = new AnswerBook(new EntryHolds(array => HasElement(array, text)), bounds, isScan: true);
        var (tables, operations) = (segment.Tables, segment.Operations);
        _operations = new ulong[RowBits.Words(operations.Count)];
        for (var i = 0; i < operations.Count; i++)
        {
            if (_texts.Holds(tables.Strings[operations.Service[i]]) || _texts.Holds(tables.Strings[operations.Name[i]])) RowBits.Set(_operations, i);
        }
        _resources = new ulong[RowBits.Words(tables.Resources.Count)];
        for (var i = 0; i < tables.Resources.Count; i++)
        {
            if (ResourceHas(tables, i)) RowBits.Set(_resources, i);
        }
    }

    /// <inheritdoc/>
    public override int Cost => 40;

    /// <inheritdoc/>
    public override void Apply(in OpenPart part, Span<ulong> rows)
    {
        var found = rows.ToArray();
        SetScan.And(part.Columns.Rows(RowColumn.Operation), _operations, found);
        var candidates = rows.ToArray();
        if (!RowBits.IsEmpty(_resources))
        {
            SetScan.And(part.Columns.Rows(RowColumn.Resource), _resources, candidates);
            RowBits.Or(found, candidates);
        }
        _texts.Mark(part.Columns.StatusMessages, found);
        Mark(part.Columns.Texts(TextOwner.Span), found);
        if (part.Columns.EventCount > 0)
        {
            var events = new ulong[RowBits.Words(part.Columns.EventCount)];
            Mark(part.Columns.Texts(TextOwner.Event), events);
            if (!RowBits.IsEmpty(events)) part.Columns.MarkRowsOfEvents(events, found);
        }
        RowBits.And(rows, found);
    }

    private void Mark(IEnumerable<ValueColumn> columns, Span<ulong> owners)
    {
        foreach (var column in columns) (column.Type == AttributeType.String ? _texts : _arrays).Mark(column, owners);
    }

    private bool ResourceHas(SpanBatch tables, int resource)
    {
        var (offsets, attributes) = (tables.Resources.AttributeOffset, tables.Resources.Attributes);
        for (var i = offsets[resource]; i < offsets[resource + 1]; i++)
        {
            var type = (AttributeType)attributes.Type[i];
            if (type == AttributeType.String && _texts.Holds(tables.Strings[(int)attributes.Value[i]])) return true;
            if (type == AttributeType.Array && _arrays.Holds(tables.Blobs[(int)attributes.Value[i]])) return true;
        }
        return false;
    }

    private static bool HasElement(ReadOnlySpan<byte> array, string text)
    {
        foreach (var element in AttributeValue.ReadArray(array))
        {
            if (element.Type == AttributeType.String && element.Text.Contains(text, StringComparison.OrdinalIgnoreCase)) return true;
        }
        return false;
    }
}
