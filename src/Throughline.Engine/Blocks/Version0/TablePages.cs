using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Version0;

/// <summary>A block's dictionaries, resources and scopes as pages. (Counts of operations, which follow, are made anew.)</summary>
internal static class TablePages
{
    /// <summary>Reads the tables that all row groups share: a batch without rows.</summary>
    public static SpanBatch Read(PageCursor pages)
    {
        var tables = new SpanBatch { Strings = pages.Dictionary(), Blobs = pages.Dictionary() };
        var resources = new ResourceTable { Service = pages.Ints(), SchemaUrl = pages.Ints(), DroppedAttributes = pages.UInts() };
        (resources.Attributes, resources.AttributeOffset) = AttributePages.Read(pages);
        var scopes = new ScopeTable { Name = pages.Ints(), Version = pages.Ints(), SchemaUrl = pages.Ints(), DroppedAttributes = pages.UInts() };
        (scopes.Attributes, scopes.AttributeOffset) = AttributePages.Read(pages);
        tables.Resources = resources;
        tables.Scopes = scopes;
        return tables;
    }
}
