using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Version0;

/// <summary>A block's dictionaries, resources, scopes and operation counts as pages (docs/format/block.md, "Tables").</summary>
internal static class TablePages
{
    /// <summary>Writes the tables that all row groups share.</summary>
    public static void Write(SpanBatch spans, IReadOnlyList<OperationCount> operations, OldPageWriter pages)
    {
        pages.Dictionary(spans.Strings);
        pages.Dictionary(spans.Blobs);
        pages.Numbers(spans.Resources.Service.Span);
        pages.Numbers(spans.Resources.SchemaUrl.Span);
        pages.Numbers(spans.Resources.DroppedAttributes.Span);
        AttributePages.Write(spans.Resources.Attributes, spans.Resources.AttributeOffset.Span, pages);
        pages.Numbers(spans.Scopes.Name.Span);
        pages.Numbers(spans.Scopes.Version.Span);
        pages.Numbers(spans.Scopes.SchemaUrl.Span);
        pages.Numbers(spans.Scopes.DroppedAttributes.Span);
        AttributePages.Write(spans.Scopes.Attributes, spans.Scopes.AttributeOffset.Span, pages);
        pages.Numbers([.. operations.SelectMany(o => new long[] { o.Service, o.Name, o.Kind, o.Spans, o.Errors })]);
    }

    /// <summary>Reads what <see cref="Write"/> wrote: a batch without rows, and the operations.</summary>
    public static (SpanBatch Tables, IReadOnlyList<OperationCount> Operations) Read(PageCursor pages)
    {
        var tables = new SpanBatch { Strings = pages.Dictionary(), Blobs = pages.Dictionary() };
        var resources = new ResourceTable { Service = pages.Ints(), SchemaUrl = pages.Ints(), DroppedAttributes = pages.UInts() };
        (resources.Attributes, resources.AttributeOffset) = AttributePages.Read(pages);
        var scopes = new ScopeTable { Name = pages.Ints(), Version = pages.Ints(), SchemaUrl = pages.Ints(), DroppedAttributes = pages.UInts() };
        (scopes.Attributes, scopes.AttributeOffset) = AttributePages.Read(pages);
        tables.Resources = resources;
        tables.Scopes = scopes;
        var numbers = pages.Numbers();
        var operations = new OperationCount[numbers.Length / 5];
        for (var i = 0; i < operations.Length; i++)
        {
            var o = numbers.AsSpan(5 * i, 5);
            operations[i] = new OperationCount((int)o[0], (int)o[1], (int)o[2], o[3], o[4]);
        }
        return (tables, operations);
    }
}
