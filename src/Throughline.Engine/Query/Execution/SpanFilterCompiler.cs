using System.Globalization;
using System.Text;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Query.Plan;

namespace Throughline.Engine.Query.Execution;

/// <summary>Makes a span predicate ready for one segment: texts become questions about its dictionary. Owned by one query.</summary>
internal sealed class SpanFilterCompiler(SpanBatch tables)
{
    /// <summary>The filter for this segment.</summary>
    public SpanFilter Compile(SpanPredicate predicate) => predicate switch
    {
        SpanPredicate.And and => new SpanFilter.All([.. and.Terms.Select(Compile).OrderBy(f => f.Needs)]),
        SpanPredicate.Or or => new SpanFilter.Any([.. or.Terms.Select(Compile)]),
        SpanPredicate.Not not => new SpanFilter.None(Compile(not.Term)),
        SpanPredicate.StartsIn range => new SpanFilter.StartsIn(range.From ?? 0, range.To),
        SpanPredicate.DurationBetween d => new SpanFilter.Each(ColumnGroups.Core, (rows, row) =>
            rows.DurationNano(row) is var duration && duration >= (d.Minimum ?? 0) && duration <= (d.Maximum ?? ulong.MaxValue)),
        SpanPredicate.TextIs text => TextIs(text),
        SpanPredicate.TextContains text => Text(text.Field, new IdMemo(tables.Strings, new TextSearch(text.Text).IsIn)),
        SpanPredicate.StatusIs status => new SpanFilter.Each(ColumnGroups.Core, (rows, row) => status.Codes.Contains((SpanStatusCode)rows.Status[row])),
        SpanPredicate.KindIs kind => new SpanFilter.Each(ColumnGroups.Core, (rows, row) => kind.Kinds.Contains((SpanKind)rows.Kind[row])),
        SpanPredicate.IsError => new SpanFilter.Each(ColumnGroups.Core, (rows, row) => (rows.Marks[row] & (byte)SpanMarks.Error) != 0),
        SpanPredicate.Attribute attribute => Attribute(attribute),
        SpanPredicate.FreeText free => FreeText(free.Text),
        _ => throw new ArgumentOutOfRangeException(nameof(predicate), predicate, "A predicate that this compiler does not know."),
    };

    private SpanFilter TextIs(SpanPredicate.TextIs text)
    {
        var ids = text.Texts.Select(t => tables.Strings.Find(Encoding.UTF8.GetBytes(t))).Where(id => id >= 0).ToHashSet();
        if (ids.Count == 0) return new SpanFilter.Nothing();
        return text.Field switch
        {
            SpanTextField.Service => new SpanFilter.Each(ColumnGroups.Core, (rows, row) => ids.Contains(rows.Resources.Service[rows.Resource[row]])),
            SpanTextField.Name => new SpanFilter.Each(ColumnGroups.Core, (rows, row) => ids.Contains(rows.Name[row])),
            _ => new SpanFilter.Each(ColumnGroups.Rest, (rows, row) => ids.Contains(rows.StatusMessage[row])),
        };
    }

    private static SpanFilter Text(SpanTextField field, IdMemo memo) => field switch
    {
        SpanTextField.Service => new SpanFilter.Each(ColumnGroups.Core, (rows, row) => memo[rows.Resources.Service[rows.Resource[row]]]),
        SpanTextField.Name => new SpanFilter.Each(ColumnGroups.Core, (rows, row) => memo[rows.Name[row]]),
        _ => new SpanFilter.Each(ColumnGroups.Rest, (rows, row) => memo[rows.StatusMessage[row]]),
    };

    private SpanFilter Attribute(SpanPredicate.Attribute attribute)
    {
        var key = tables.Strings.Find(Encoding.UTF8.GetBytes(attribute.Key));
        if (key < 0 || (attribute.Operator == AttributeOperator.Equal && IsInNoValue(attribute.Literal))) return new SpanFilter.Nothing();
        var matcher = new ValueMatcher(attribute.Operator, attribute.Literal, tables);
        var resources = new Found[tables.Resources.Count];
        for (var i = 0; i < resources.Length; i++)
        {
            var offsets = tables.Resources.AttributeOffset;
            resources[i] = attribute.Scope == AttributeScope.Span ? Found.Nothing : Look(tables.Resources.Attributes, offsets[i], offsets[i + 1], key, matcher);
        }
        // The span's own are looked at even where a resource matched, as "not equal" needs to know all values.
        var spans = attribute.Scope != AttributeScope.Resource;
        var negative = attribute.Operator == AttributeOperator.NotEqual;
        return new SpanFilter.Each(spans ? ColumnGroups.Attributes : ColumnGroups.Core, (rows, row) =>
        {
            var found = resources[rows.Resource[row]];
            if (spans && found != Found.Match) found = Max(found, Look(rows.Attributes, rows.AttributeOffset[row], rows.AttributeOffset[row + 1], key, matcher));
            return negative ? found == Found.Other : found == Found.Match;
        }, spans ? key : null);
    }

    /// <summary>True when no value of the segment can equal the literal: it is no string here, stands in no array, and is no number or bool.</summary>
    private bool IsInNoValue(AttributeLiteral literal)
    {
        var utf8 = Encoding.UTF8.GetBytes(literal.Text);
        return tables.Strings.Find(utf8) < 0 && tables.Blobs.Entries.IndexOf(utf8) < 0
            && (literal.IsString || !(literal.Text is "true" or "false" || double.TryParse(literal.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out _)));
    }

    private enum Found
    {
        Nothing,
        Other,
        Match,
    }

    private static Found Max(Found a, Found b) => a > b ? a : b;

    private static Found Look(AttributeColumns attributes, int first, int end, int key, ValueMatcher matcher)
    {
        var found = Found.Nothing;
        for (var i = first; i < end; i++)
        {
            if (attributes.Key[i] != key) continue;
            if (matcher.Matches((AttributeType)attributes.Type[i], attributes.Value[i])) return Found.Match;
            found = Found.Other;
        }
        return found;
    }

    private SpanFilter FreeText(string text)
    {
        var search = new TextSearch(text);
        var strings = new IdMemo(tables.Strings, search.IsIn);
        var arrays = new IdMemo(tables.Blobs, array => AttributeValue.ReadArray(array).Any(e => e.Type == AttributeType.String && e.Text.Contains(text, StringComparison.OrdinalIgnoreCase)));
        // What no text of the segment contains is in none of its spans, and nothing need be loaded to say so.
        // Texts lie in the blobs of arrays as they are; that maps and bytes are blobs, too, only makes this say "maybe" more often.
        if (!AnyEntry(strings, tables.Strings.Count) && !AnyEntry(new IdMemo(tables.Blobs, search.IsIn), tables.Blobs.Count)) return new SpanFilter.Nothing();
        var resources = new bool[tables.Resources.Count];
        for (var i = 0; i < resources.Length; i++)
        {
            var offsets = tables.Resources.AttributeOffset;
            resources[i] = strings[tables.Resources.Service[i]] || AnyValue(tables.Resources.Attributes, offsets[i], offsets[i + 1], strings, arrays);
        }
        return new SpanFilter.Each(ColumnGroups.All, (rows, row) => resources[rows.Resource[row]] || strings[rows.Name[row]] || strings[rows.StatusMessage[row]]
            || AnyValue(rows.Attributes, rows.AttributeOffset[row], rows.AttributeOffset[row + 1], strings, arrays) || AnyEvent(rows, row, strings, arrays));
    }

    private static bool AnyEntry(IdMemo entries, int count)
    {
        for (var id = 0; id < count; id++)
        {
            if (entries[id]) return true;
        }
        return false;
    }

    private static bool AnyValue(AttributeColumns attributes, int first, int end, IdMemo strings, IdMemo arrays)
    {
        for (var i = first; i < end; i++)
        {
            var type = (AttributeType)attributes.Type[i];
            if (type == AttributeType.String ? strings[(int)attributes.Value[i]] : type == AttributeType.Array && arrays[(int)attributes.Value[i]]) return true;
        }
        return false;
    }

    private static bool AnyEvent(SpanBatch rows, int row, IdMemo strings, IdMemo arrays)
    {
        var events = rows.Events;
        for (var e = rows.EventOffset[row]; e < rows.EventOffset[row + 1]; e++)
        {
            if (strings[events.Name[e]] || AnyValue(events.Attributes, events.AttributeOffset[e], events.AttributeOffset[e + 1], strings, arrays)) return true;
        }
        return false;
    }
}
