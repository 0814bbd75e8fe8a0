using System.Text;
using Throughline.Engine.Logs.Columns;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;
using Throughline.Engine.Query.Execution;
using Throughline.Engine.Query.Plan;

namespace Throughline.Engine.Logs.Execution;

/// <summary>Rows whose attribute of one key, their own or their resource's, compares with a literal: what a condition on spans means, asked of log records. Immutable; thread safe.</summary>
internal sealed class LogAttributeFilter(LogCondition condition, QueryBounds bounds)
{
    private readonly byte[] _key = Encoding.UTF8.GetBytes(condition.Key);
    private readonly ValueMatcher _matcher = new(condition.Operator, condition.Literal);

    private bool IsNegative => condition.Operator == AttributeOperator.NotEqual;

    /// <summary>Takes the rows that do not match out of the set.</summary>
    public void Apply(LogPart part, Span<ulong> rows)
    {
        var key = part.Tables.Strings.Find(_key);
        if (key < 0)
        {
            rows.Clear();
            return;
        }
        var (matching, having) = (new ulong[rows.Length], new ulong[IsNegative ? rows.Length : 0]);
        if (condition.Scope != AttributeScope.Resource) MarkOwn(part, key, matching, having);
        if (condition.Scope != AttributeScope.Span) MarkResources(part, key, rows, matching, having);
        if (!IsNegative)
        {
            RowBits.And(rows, matching);
            return;
        }
        RowBits.And(rows, having);
        RowBits.AndNot(rows, matching);
    }

    private void MarkOwn(LogPart part, int key, Span<ulong> matching, Span<ulong> having)
    {
        var (texts, arrays) = (new AnswerBook(_matcher.ForTexts(), bounds), new AnswerBook(new EntryHolds(_matcher.MatchesElement), bounds));
        foreach (var column in part.Attribute(key))
        {
            bounds.Check();
            if (IsNegative) column.MarkAll(having);
            if (condition.Operator == AttributeOperator.Exists) column.MarkAll(matching);
            else Mark(column, texts, arrays, matching);
        }
    }

    private void Mark(ValueColumn column, AnswerBook texts, AnswerBook arrays, Span<ulong> rows)
    {
        switch (column.Type)
        {
            case AttributeType.String:
                texts.Mark(column, rows);
                break;
            case AttributeType.Array:
                arrays.Mark(column, rows);
                break;
            case AttributeType.Int when _matcher.TryGetIntegers(out var low, out var high):
                if (low > high) break;
                var values = column.Values;
                var places = RowBits.All(values.Count);
                RangeScan.AndSigned(values, low, high, places);
                column.Mark(places, rows);
                break;
            case AttributeType.Int:
                MarkEach(column, static (matcher, value) => matcher.MatchesInteger((long)value), rows);
                break;
            case AttributeType.Double:
                MarkEach(column, static (matcher, value) => matcher.MatchesDouble(BitConverter.UInt64BitsToDouble(value)), rows);
                break;
            case AttributeType.Bool:
                MarkEach(column, static (matcher, value) => matcher.MatchesBool(value != 0), rows);
                break;
        }
    }

    private void MarkEach(ValueColumn column, Func<ValueMatcher, ulong, bool> test, Span<ulong> rows)
    {
        var values = column.Values;
        var places = new ulong[RowBits.Words(values.Count)];
        // Neighbours are often equal, and a number's text takes long to make.
        var (last, answer) = (0ul, false);
        for (var i = 0; i < values.Count; i++)
        {
            if ((i & 4095) == 0) bounds.Check();
            var value = values[i];
            if (i == 0 || value != last) (last, answer) = (value, test(_matcher, value));
            if (answer) RowBits.Set(places, i);
        }
        column.Mark(places, rows);
    }

    private void MarkResources(LogPart part, int key, ReadOnlySpan<ulong> rows, Span<ulong> matching, Span<ulong> having)
    {
        var tables = part.Tables;
        var count = tables.Resources.Count;
        var (matches, has) = (new bool[count], new bool[count]);
        for (var resource = 0; resource < count; resource++)
        {
            for (var i = tables.Resources.AttributeOffset[resource]; i < tables.Resources.AttributeOffset[resource + 1]; i++)
            {
                if (tables.Resources.Attributes.Key[i] != key) continue;
                has[resource] = true;
                matches[resource] |= Matches(tables, (AttributeType)tables.Resources.Attributes.Type[i], tables.Resources.Attributes.Value[i]);
            }
        }
        Add(part, matches, rows, matching);
        if (IsNegative) Add(part, has, rows, having);
    }

    private static void Add(LogPart part, bool[] resources, ReadOnlySpan<ulong> rows, Span<ulong> found)
    {
        if (!resources.Contains(true)) return;
        var table = part.ClassTable;
        var chosen = new ulong[RowBits.Words(table.Length)];
        for (var i = 0; i < table.Length; i++)
        {
            if (resources[table[i].Resource]) RowBits.Set(chosen, i);
        }
        var some = rows.ToArray();
        SetScan.And(part.Classes, chosen, some);
        RowBits.Or(found, some);
    }

    private bool Matches(LogTables tables, AttributeType type, long value) => condition.Operator == AttributeOperator.Exists || type switch
    {
        AttributeType.String => _matcher.MatchesText(tables.Strings[(int)value]),
        AttributeType.Int => _matcher.MatchesInteger(value),
        AttributeType.Double => _matcher.MatchesDouble(BitConverter.Int64BitsToDouble(value)),
        AttributeType.Bool => _matcher.MatchesBool(value != 0),
        AttributeType.Array => _matcher.MatchesElement(tables.Blobs[(int)value]),
        _ => false,
    };
}
