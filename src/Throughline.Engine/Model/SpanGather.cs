using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Model;

/// <summary>Copies chosen rows of a batch, in a chosen order, into a new batch that shares the dictionaries and tables of the first.</summary>
internal static class SpanGather
{
    /// <summary>Rows that take about a millisecond to copy: between them a caller that has gone is noticed.</summary>
    private const int CopiedAtOnce = 4_096;

    /// <summary>A batch of the given rows. The result may be read as long as nobody clears <paramref name="source"/>.</summary>
    public static SpanBatch Gather(SpanBatch source, ReadOnlySpan<int> rows, CancellationToken cancellationToken)
    {
        var batch = WithTablesOf(source);
        var hasShapes = source.Shape.Count > 0;
        foreach (var row in rows)
        {
            if (batch.RowCount % CopiedAtOnce == 0) cancellationToken.ThrowIfCancellationRequested();
            batch.TraceId.Add(source.TraceId[row]);
            batch.SpanId.Add(source.SpanId[row]);
            batch.ParentSpanId.Add(source.ParentSpanId[row]);
            batch.StartUnixNano.Add(source.StartUnixNano[row]);
            batch.EndUnixNano.Add(source.EndUnixNano[row]);
            batch.Name.Add(source.Name[row]);
            batch.Kind.Add(source.Kind[row]);
            batch.Status.Add(source.Status[row]);
            batch.StatusMessage.Add(source.StatusMessage[row]);
            batch.TraceState.Add(source.TraceState[row]);
            batch.Flags.Add(source.Flags[row]);
            batch.Resource.Add(source.Resource[row]);
            batch.Scope.Add(source.Scope[row]);
            batch.DroppedAttributes.Add(source.DroppedAttributes[row]);
            batch.DroppedEvents.Add(source.DroppedEvents[row]);
            batch.DroppedLinks.Add(source.DroppedLinks[row]);
            batch.Marks.Add(source.Marks[row]);
            if (hasShapes) batch.Shape.Add(source.Shape[row]);
            Attributes(source.Attributes, source.AttributeOffset[row], source.AttributeOffset[row + 1], batch.Attributes);
            for (var i = source.EventOffset[row]; i < source.EventOffset[row + 1]; i++)
            {
                var events = source.Events;
                Attributes(events.Attributes, events.AttributeOffset[i], events.AttributeOffset[i + 1], batch.Events.Attributes);
                if (hasShapes) batch.Events.Shape.Add(events.Shape[i]);
                batch.Events.Add(events.TimeUnixNano[i], events.Name[i], events.DroppedAttributes[i]);
            }
            for (var i = source.LinkOffset[row]; i < source.LinkOffset[row + 1]; i++)
            {
                var links = source.Links;
                Attributes(links.Attributes, links.AttributeOffset[i], links.AttributeOffset[i + 1], batch.Links.Attributes);
                if (hasShapes) batch.Links.Shape.Add(links.Shape[i]);
                batch.Links.Add(links.TraceId[i], links.SpanId[i], links.TraceState[i], links.Flags[i], links.DroppedAttributes[i]);
            }
            batch.EndRow();
        }
        return batch;
    }

    /// <summary>An empty batch with the dictionaries and tables of another.</summary>
    public static SpanBatch WithTablesOf(SpanBatch source) => new()
    {
        Strings = source.Strings,
        Blobs = source.Blobs,
        Resources = source.Resources,
        Scopes = source.Scopes,
        Shapes = source.Shapes,
    };

    private static void Attributes(AttributeColumns from, int first, int end, AttributeColumns to)
    {
        to.Key.AddRange(from.Key.Span[first..end]);
        to.Type.AddRange(from.Type.Span[first..end]);
        to.Value.AddRange(from.Value.Span[first..end]);
    }
}
