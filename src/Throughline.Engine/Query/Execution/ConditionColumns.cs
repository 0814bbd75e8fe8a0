using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;
using Throughline.Engine.Query.Plan;

namespace Throughline.Engine.Query.Execution;

/// <summary>
/// Compares columns of attribute values with a condition's literal, whatever has the values: texts and lists by their dictionaries, each entry once, numbers by range where the comparison is one. Used by the
/// threads of one query.
/// </summary>
/// <param name="texts">What is known of texts.</param>
/// <param name="arrays">What is known of lists.</param>
internal sealed class ConditionColumns(AttributeOperator comparison, ValueMatcher matcher, AnswerBook texts, AnswerBook arrays, QueryBounds bounds)
{
    /// <summary>The columns of a condition, of whose values nothing is known yet.</summary>
    public static ConditionColumns Of(AttributeOperator comparison, ValueMatcher matcher, QueryBounds bounds) =>
        new(comparison, matcher, new AnswerBook(matcher.ForTexts(), bounds), new AnswerBook(new EntryHolds(matcher.MatchesElement), bounds), bounds);

    /// <summary>What is known of texts.</summary>
    public AnswerBook Texts => texts;

    /// <summary>What is known of lists.</summary>
    public AnswerBook Arrays => arrays;

    /// <summary>Adds to <paramref name="owners"/> those with a value of the column that compares so.</summary>
    public void Mark(ValueColumn column, Span<ulong> owners)
    {
        if (comparison == AttributeOperator.Exists)
        {
            column.MarkAll(owners);
            return;
        }
        switch (column.Type)
        {
            case AttributeType.String:
                texts.Mark(column, owners);
                break;
            case AttributeType.Array:
                arrays.Mark(column, owners);
                break;
            case AttributeType.Int when matcher.TryGetIntegers(out var low, out var high):
                if (low > high) break;
                var values = column.Values;
                var places = RowBits.All(values.Count);
                RangeScan.AndSigned(values, low, high, places);
                column.Mark(places, owners);
                break;
            case AttributeType.Int:
                MarkEach(column, static (matcher, value) => matcher.MatchesInteger((long)value), owners);
                break;
            case AttributeType.Double:
                MarkEach(column, static (matcher, value) => matcher.MatchesDouble(BitConverter.UInt64BitsToDouble(value)), owners);
                break;
            case AttributeType.Bool:
                MarkEach(column, static (matcher, value) => matcher.MatchesBool(value != 0), owners);
                break;
        }
    }

    /// <summary>Whether one value, of a resource for example, compares so.</summary>
    public bool Matches(ByteDictionary strings, ByteDictionary blobs, AttributeColumns attributes, int index)
    {
        var value = attributes.Value[index];
        return comparison == AttributeOperator.Exists || (AttributeType)attributes.Type[index] switch
        {
            AttributeType.String => matcher.MatchesText(strings[(int)value]),
            AttributeType.Int => matcher.MatchesInteger(value),
            AttributeType.Double => matcher.MatchesDouble(BitConverter.Int64BitsToDouble(value)),
            AttributeType.Bool => matcher.MatchesBool(value != 0),
            AttributeType.Array => matcher.MatchesElement(blobs[(int)value]),
            _ => false,
        };
    }

    private void MarkEach(ValueColumn column, Func<ValueMatcher, ulong, bool> test, Span<ulong> owners)
    {
        var values = column.Values;
        var places = new ulong[RowBits.Words(values.Count)];
        // Neighbours are often equal, and a number's text takes long to make.
        var (last, answer) = (0ul, false);
        for (var i = 0; i < values.Count; i++)
        {
            if ((i & 4095) == 0) bounds.Check();
            var value = values[i];
            if (i == 0 || value != last) (last, answer) = (value, test(matcher, value));
            if (answer) RowBits.Set(places, i);
        }
        column.Mark(places, owners);
    }
}
