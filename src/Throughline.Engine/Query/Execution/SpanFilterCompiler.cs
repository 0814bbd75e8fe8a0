using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;
using Throughline.Engine.Query.Plan;

namespace Throughline.Engine.Query.Execution;

/// <summary>
/// Makes a span predicate ready for one segment: keys become numbers, and what is said of service, name and kind becomes a set of operations. Owned by one query.
/// </summary>
internal sealed class SpanFilterCompiler(ISpanSegment segment, QueryBounds bounds)
{
    /// <summary>The filter for this segment.</summary>
    public SpanFilter Compile(SpanPredicate predicate) => predicate switch
    {
        SpanPredicate.And and => new SpanFilter.All(and.Terms.Select(Compile)),
        SpanPredicate.Or or => new SpanFilter.Any([.. or.Terms.Select(Compile)]),
        SpanPredicate.Not not => new SpanFilter.None(Compile(not.Term)),
        SpanPredicate.StartsIn range => new SpanFilter.StartsIn(range.From ?? 0, range.To),
        SpanPredicate.DurationBetween d => new SpanFilter.InRange(RowColumn.Duration, d.Minimum ?? 0, d.Maximum ?? ulong.MaxValue),
        SpanPredicate.TextIs text => TextIs(text),
        SpanPredicate.TextContains text => Text(text.Field, new TextContains(text.Text)),
        SpanPredicate.StatusIs status => new SpanFilter.StatusIn(status.Codes),
        SpanPredicate.KindIs kind => Operations(i => kind.Kinds.Contains((SpanKind)segment.Operations.Kind[i])),
        SpanPredicate.IsError => new SpanFilter.Chosen(RowColumn.Marks, Errors()),
        SpanPredicate.LinksTo link => new SpanFilter.LinksTo(link.TraceId),
        SpanPredicate.Attribute attribute => Attribute(attribute),
        SpanPredicate.FreeText free => new FreeTextFilter(free.Text, segment, bounds),
        _ => throw new ArgumentOutOfRangeException(nameof(predicate), predicate, "A predicate that this compiler does not know."),
    };

    private SpanFilter TextIs(SpanPredicate.TextIs text)
    {
        var texts = text.Texts.Select(AnswerBook.Utf8).ToArray();
        return Text(text.Field, texts.Length == 1 ? new TextEquals(texts[0]) : new EntryHolds(entry => IsOneOf(entry, texts)));
    }

    private static bool IsOneOf(ReadOnlySpan<byte> entry, byte[][] texts)
    {
        foreach (var text in texts)
        {
            if (entry.SequenceEqual(text)) return true;
        }
        return false;
    }

    private SpanFilter Text(SpanTextField field, EntryTest test)
    {
        var strings = segment.Tables.Strings;
        return field switch
        {
            SpanTextField.Service => Operations(i => test.Holds(strings[segment.Operations.Service[i]])),
            SpanTextField.Name => Operations(i => test.Holds(strings[segment.Operations.Name[i]])),
            _ => new SpanFilter.StatusMessage(new AnswerBook(test, bounds)),
        };
    }

    private SpanFilter Operations(Func<int, bool> isChosen)
    {
        var chosen = new ulong[RowBits.Words(segment.Operations.Count)];
        for (var i = 0; i < segment.Operations.Count; i++)
        {
            if (isChosen(i)) RowBits.Set(chosen, i);
        }
        return RowBits.IsEmpty(chosen) ? new SpanFilter.Nothing() : new SpanFilter.Chosen(RowColumn.Operation, chosen);
    }

    private static ulong[] Errors()
    {
        var chosen = new ulong[1];
        const int AllMarks = (int)(SpanMarks.InvalidUtf8 | SpanMarks.Redacted | SpanMarks.Error | SpanMarks.Cut | SpanMarks.TraceFull);
        for (var marks = 0; marks <= AllMarks; marks++)
        {
            if ((marks & (int)SpanMarks.Error) != 0) RowBits.Set(chosen, marks);
        }
        return chosen;
    }

    private SpanFilter Attribute(SpanPredicate.Attribute attribute)
    {
        var key = segment.Tables.Strings.Find(AnswerBook.Utf8(attribute.Key));
        return key < 0 ? new SpanFilter.Nothing() : new AttributeFilter(attribute, key, segment.Tables, bounds);
    }
}
