using System.Globalization;
using System.Text;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Query.Execution;

/// <summary>Numbers of rows, and the text that each number stands for; null stands for no value.</summary>
/// <param name="Numbers">By row, or by place in <paramref name="Owners"/>.</param>
/// <param name="Owners">The rows, ascending; null: every row has a number.</param>
/// <param name="Bounds">Bounds of the numbers, both inclusive, when they are known.</param>
internal sealed record FacetColumn(NumberVector Numbers, int[]? Owners, (long Smallest, long Largest)? Bounds, Func<long, string?> Text)
{
    /// <summary>What gives the numbers their texts, and how many numbers it has: wherever it is the same, of whatever part, a number has the same text. Null when that is not known.</summary>
    public (object Source, int Count)? Scope { get; init; }
}

/// <summary>Finds the columns of a part in which the values of a key lie. Made for one key; thread safe.</summary>
internal sealed class FacetColumns(string key)
{
    private static readonly string[] KindNames = ["unspecified", "internal", "server", "client", "producer", "consumer"];
    private static readonly string[] StatusNames = ["unset", "ok"];

    /// <summary>The columns of an open part. A row may have a value in several.</summary>
    public IEnumerable<FacetColumn> Of(ISpanSegment segment, ISegmentPart part)
    {
        var operations = segment.Operations;
        return key switch
        {
            "service" or "service.name" => [Operations(part, operations, n => Utf8(segment, operations.Service[n]))],
            "name" or "operation" => [Operations(part, operations, n => Utf8(segment, operations.Name[n]))],
            "kind" => [Operations(part, operations, n => operations.Kind[n] is >= 0 and <= 5 and var kind ? KindNames[kind] : null)],
            "error" => [Marks(part, isError => isError ? "true" : "false")],
            "status" => [Marks(part, static isError => isError ? "error" : null), new FacetColumn(part.Rows(RowColumn.Status), null, null, static n => n is 0 or 1 ? StatusNames[n] : null)],
            "status.message" => [Values(part.StatusMessages, null, static text => text.Length == 0)],
            _ => Attributes(segment, part),
        };
    }

    private static FacetColumn Operations(ISegmentPart part, OperationTable operations, Func<long, string?> text) => 
        new(part.Rows(RowColumn.Operation), null, (0, operations.Count - 1), text) { Scope = (operations, operations.Count) };

    private static FacetColumn Marks(ISegmentPart part, Func<bool, string?> text) => new(part.Rows(RowColumn.Marks), null, (0, 255), marks => text((marks & (long)SpanMarks.Error) != 0));

    private List<FacetColumn> Attributes(ISpanSegment segment, ISegmentPart part)
    {
        var ofSpans = !key.StartsWith("resource.", StringComparison.Ordinal);
        var ofResources = !key.StartsWith("span.", StringComparison.Ordinal);
        var name = ofSpans && ofResources ? key : key[(ofSpans ? "span." : "resource.").Length..];
        var columns = new List<FacetColumn>();
        var number = segment.Tables.Strings.Find(Encoding.UTF8.GetBytes(name));
        if (number < 0) return columns;
        if (ofSpans)
        {
            foreach (var column in part.Attribute(number))
            {
                if (HasText(column.Type)) columns.Add(Values(column, column.Owners, static _ => false));
            }
        }
        if (ofResources) columns.AddRange(Resources(segment, part, number));
        return columns;
    }

    /// <summary>Of resources that have the key several times, a column for each time.</summary>
    private static IEnumerable<FacetColumn> Resources(ISpanSegment segment, ISegmentPart part, int name)
    {
        var (resources, attributes) = (segment.Tables.Resources, segment.Tables.Resources.Attributes);
        var columns = new List<string?[]>();
        for (var i = 0; i < resources.Count; i++)
        {
            var times = 0;
            for (var a = resources.AttributeOffset[i]; a < resources.AttributeOffset[i + 1]; a++)
            {
                var type = (AttributeType)attributes.Type[a];
                if (attributes.Key[a] != name || !HasText(type)) continue;
                if (times == columns.Count) columns.Add(new string?[resources.Count]);
                columns[times++][i] = type == AttributeType.String ? Utf8(segment, (int)attributes.Value[a]) : Text(type, attributes.Value[a]);
            }
        }
        return columns.Select(texts => new FacetColumn(part.Rows(RowColumn.Resource), null, (0, texts.Length - 1), n => texts[n]));
    }

    private static FacetColumn Values(ValueColumn column, int[]? owners, Func<string, bool> isNone)
    {
        (long, long)? bounds = column.TryGetBounds(out var smallest, out var largest) ? (smallest, largest) : null;
        return new FacetColumn(column.Values, owners, bounds, column.Dictionary is { } dictionary
            ? number => dictionary.Text(number) is var text && isNone(text) ? null : text
            : number => Text(column.Type, number)) { Scope = column.Dictionary is { } source ? (source, source.Count) : null };
    }

    private static bool HasText(AttributeType type) => type is AttributeType.String or AttributeType.Int or AttributeType.Double or AttributeType.Bool;

    private static string Text(AttributeType type, long number) => type switch
    {
        AttributeType.Bool => number != 0 ? "true" : "false",
        AttributeType.Double => BitConverter.Int64BitsToDouble(number).ToString("R", CultureInfo.InvariantCulture),
        _ => number.ToString(CultureInfo.InvariantCulture),
    };

    private static string Utf8(ISpanSegment segment, int id) => Encoding.UTF8.GetString(segment.Tables.Strings[id]);
}
