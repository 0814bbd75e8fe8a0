using System.Text;
using Throughline.Engine.Logs.Columns;
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
        var columns = ConditionColumns.Of(condition.Operator, _matcher, bounds);
        var (matching, having) = (new ulong[rows.Length], new ulong[IsNegative ? rows.Length : 0]);
        if (condition.Scope != AttributeScope.Resource) MarkOwn(part, key, columns, matching, having);
        if (condition.Scope != AttributeScope.Span) MarkResources(part, key, columns, rows, matching, having);
        if (!IsNegative)
        {
            RowBits.And(rows, matching);
            return;
        }
        RowBits.And(rows, having);
        RowBits.AndNot(rows, matching);
    }

    private void MarkOwn(LogPart part, int key, ConditionColumns columns, Span<ulong> matching, Span<ulong> having)
    {
        foreach (var column in part.Attribute(key))
        {
            bounds.Check();
            if (IsNegative) column.MarkAll(having);
            columns.Mark(column, matching);
        }
    }

    private void MarkResources(LogPart part, int key, ConditionColumns columns, ReadOnlySpan<ulong> rows, Span<ulong> matching, Span<ulong> having)
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
                matches[resource] |= columns.Matches(tables.Strings, tables.Blobs, tables.Resources.Attributes, i);
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
}
