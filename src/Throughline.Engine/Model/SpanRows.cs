using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Model;

/// <summary>Questions about single rows of a batch that several parts of the engine ask.</summary>
internal static class SpanRows
{
    /// <summary>
    /// True when the two rows of one batch say the same: ids, times, texts, attributes, events, links, resource and scope. Strings are compared by their
    /// numbers, which is exact within one batch. Marks are no content: they say what happened to a span on its way here.
    /// </summary>
    public static bool HaveEqualContent(SpanBatch batch, int a, int b) =>
        batch.TraceId[a] == batch.TraceId[b] && batch.SpanId[a] == batch.SpanId[b] && batch.ParentSpanId[a] == batch.ParentSpanId[b]
        && batch.StartUnixNano[a] == batch.StartUnixNano[b] && batch.EndUnixNano[a] == batch.EndUnixNano[b] && batch.Name[a] == batch.Name[b]
        && batch.Kind[a] == batch.Kind[b] && batch.Status[a] == batch.Status[b] && batch.StatusMessage[a] == batch.StatusMessage[b]
        && batch.TraceState[a] == batch.TraceState[b] && batch.Flags[a] == batch.Flags[b] && batch.Resource[a] == batch.Resource[b]
        && batch.Scope[a] == batch.Scope[b] && batch.DroppedAttributes[a] == batch.DroppedAttributes[b] && batch.DroppedEvents[a] == batch.DroppedEvents[b]
        && batch.DroppedLinks[a] == batch.DroppedLinks[b]
        && AttributesEqual(batch.Attributes, batch.AttributeOffset, a, b) && EventsEqual(batch, a, b) && LinksEqual(batch, a, b);

    private static bool AttributesEqual(AttributeColumns attributes, Column<int> offsets, int a, int b)
    {
        var firstA = offsets[a];
        var firstB = offsets[b];
        var count = offsets[a + 1] - firstA;
        return count == offsets[b + 1] - firstB
            && attributes.Key.Span.Slice(firstA, count).SequenceEqual(attributes.Key.Span.Slice(firstB, count))
            && attributes.Type.Span.Slice(firstA, count).SequenceEqual(attributes.Type.Span.Slice(firstB, count))
            && attributes.Value.Span.Slice(firstA, count).SequenceEqual(attributes.Value.Span.Slice(firstB, count));
    }

    private static bool EventsEqual(SpanBatch batch, int a, int b)
    {
        var firstA = batch.EventOffset[a];
        var firstB = batch.EventOffset[b];
        var count = batch.EventOffset[a + 1] - firstA;
        if (count != batch.EventOffset[b + 1] - firstB) return false;
        var events = batch.Events;
        for (var i = 0; i < count; i++)
        {
            var (x, y) = (firstA + i, firstB + i);
            if (events.TimeUnixNano[x] != events.TimeUnixNano[y] || events.Name[x] != events.Name[y]
                || events.DroppedAttributes[x] != events.DroppedAttributes[y] || !AttributesEqual(events.Attributes, events.AttributeOffset, x, y)) return false;
        }
        return true;
    }

    private static bool LinksEqual(SpanBatch batch, int a, int b)
    {
        var firstA = batch.LinkOffset[a];
        var firstB = batch.LinkOffset[b];
        var count = batch.LinkOffset[a + 1] - firstA;
        if (count != batch.LinkOffset[b + 1] - firstB) return false;
        var links = batch.Links;
        for (var i = 0; i < count; i++)
        {
            var (x, y) = (firstA + i, firstB + i);
            if (links.TraceId[x] != links.TraceId[y] || links.SpanId[x] != links.SpanId[y] || links.TraceState[x] != links.TraceState[y]
                || links.Flags[x] != links.Flags[y] || links.DroppedAttributes[x] != links.DroppedAttributes[y]
                || !AttributesEqual(links.Attributes, links.AttributeOffset, x, y)) return false;
        }
        return true;
    }

    /// <summary>
    /// True when the row counts as an error: status ERROR, or an attribute <c>error</c> that is true or "true". The ids are those of the texts
    /// <c>error</c> and <c>true</c> in the batch's strings, -1 when they are not there.
    /// </summary>
    public static bool IsError(SpanBatch batch, int row, int errorKey, int trueText)
    {
        if (batch.Status[row] == (int)SpanStatusCode.Error) return true;
        if (errorKey < 0) return false;
        for (var i = batch.AttributeOffset[row]; i < batch.AttributeOffset[row + 1]; i++)
        {
            if (batch.Attributes.Key[i] != errorKey) continue;
            var type = (AttributeType)batch.Attributes.Type[i];
            var value = batch.Attributes.Value[i];
            if ((type == AttributeType.Bool && value == 1) || (type == AttributeType.String && value == trueText)) return true;
        }
        return false;
    }
}
