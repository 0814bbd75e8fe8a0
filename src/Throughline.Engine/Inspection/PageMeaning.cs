using System.Text;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Blocks.Read;
using Throughline.Engine.Files;

namespace Throughline.Engine.Inspection;

/// <summary>Says what is lost with a page of a block. Immutable.</summary>
internal sealed class PageMeaning
{
    private readonly BlockTables? _tables;
    private readonly long _spans;

    /// <summary>For pages of this block.</summary>
    public PageMeaning(BlockFile block)
    {
        _spans = block.Footer.Spans;
        try
        {
            _tables = block.ReadTables();
        }
        catch (Exception e) when (e is CorruptDataException or IOException)
        {
            // Told when the page itself is looked at.
            _tables = null;
        }
    }

    /// <summary>False when the block's tables cannot be read.</summary>
    public bool HasTables => _tables is not null;

    /// <summary>One phrase for the operator.</summary>
    public string Of(in PageEntry page)
    {
        if (page.RowGroup >= 0)
        {
            var spans = _tables is { } tables && page.RowGroup < tables.RowGroups.Length ? $"{tables.RowGroups[page.RowGroup].Rows} spans" : "spans";
            return $"{What(page.Column)} of up to {spans} in row group {page.RowGroup} cannot be read";
        }
        return page.Column switch
        {
            BlockColumn.TraceIds or BlockColumn.Tables => $"the {_spans} spans of this block cannot be read",
            BlockColumn.TraceFilter => "no span is lost, but traces of this block may not be found by their id",
            BlockColumn.SplitTraceIds => "no span is lost, but traces that lie in several blocks may be shown in part",
            BlockColumn.Digests => "no span is lost, but requests that are sent again may be stored again",
            BlockColumn.StayedBehind => "no span is lost",
            BlockColumn.Summaries => "no span is lost, but figures over all spans cannot be given",
            _ => $"{What(page.Column)} of up to {Values(page.Column)} cannot be read",
        };
    }

    private string Values(int column) => Attribute(column) is { } attribute ? $"{attribute.Values} places" : $"{_spans} spans";

    private AttributeColumn? Attribute(int column)
    {
        var index = column - BlockColumn.FirstAttribute;
        return _tables is { } tables && index >= 0 && index < tables.Columns.Length ? tables.Columns[index] : null;
    }

    private string What(int column)
    {
        if (_tables is { } tables && Attribute(column) is { } attribute)
            return $"values of the attribute '{Encoding.UTF8.GetString(tables.Batch.Strings[attribute.Key])}' ({attribute.Owner}, {attribute.Type})";
        return column switch
        {
            BlockColumn.StatusMessage => "status messages",
            BlockColumn.TraceState => "trace states",
            >= BlockColumn.EventCount and <= BlockColumn.EventShape => "events",
            >= BlockColumn.LinkCount and <= BlockColumn.LinkShape => "links",
            >= BlockColumn.TraceRows and <= BlockColumn.TraceErrorType => "the outlines of traces",
            >= BlockColumn.FirstAttribute => "values of an attribute",
            _ => $"values (column {column})",
        };
    }
}
