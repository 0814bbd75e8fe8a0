using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;
using Throughline.Engine.Query.Plan;

namespace Throughline.Engine.Query.Execution;

/// <summary>
/// Spans whose attribute of one key, their own or their resource's, compares with a literal. Texts are asked about once for each entry of a dictionary, numbers by range where the
/// comparison is one.
/// </summary>
internal sealed class AttributeFilter : SpanFilter
{
    private readonly int _key;
    private readonly bool _looksAtSpans;
    private readonly AttributeOperator _operator;
    private readonly ValueMatcher _matcher;
    private readonly ConditionColumns _columns;
    private readonly ulong[] _matchingResources;
    private readonly ulong[] _havingResources;

    /// <summary>The filter for a key of the segment.</summary>
    /// <param name="key">Number of the key in the segment's strings.</param>
    /// <param name="tables">The segment's tables.</param>
    public AttributeFilter(SpanPredicate.Attribute attribute, int key, SpanBatch tables, QueryBounds bounds)
    {
        _key = key;
        _looksAtSpans = attribute.Scope != AttributeScope.Resource;
        _operator = attribute.Operator;
        _matcher = new ValueMatcher(attribute.Operator, attribute.Literal);
        _columns = ConditionColumns.Of(attribute.Operator, _matcher, bounds);
        var resources = tables.Resources.Count;
        (_matchingResources, _havingResources) = (new ulong[RowBits.Words(resources)], new ulong[RowBits.Words(resources)]);
        if (attribute.Scope != AttributeScope.Span) LookAtResources(tables);
    }

    private bool IsNegative => _operator == AttributeOperator.NotEqual;

    /// <inheritdoc/>
    public override int Cost => _looksAtSpans ? 4 : 1;

    /// <inheritdoc/>
    public override bool MatchesNothing => !_looksAtSpans && RowBits.IsEmpty(IsNegative ? _havingResources : _matchingResources);

    /// <inheritdoc/>
    public override bool CanMatch(in OpenPart part)
    {
        if (!RowBits.IsEmpty(IsNegative ? _havingResources : _matchingResources)) return true;
        if (!_looksAtSpans) return false;
        foreach (var column in part.Columns.Attribute(_key))
        {
            if (IsNegative || _operator == AttributeOperator.Exists || CanMatch(column)) return true;
        }
        return false;
    }

    private bool CanMatch(ValueColumn column)
    {
        switch (column.Type)
        {
            case AttributeType.String: return _columns.Texts.CanHold(column);
            case AttributeType.Array: return _columns.Arrays.CanHold(column);
            case AttributeType.Int:
                return !_matcher.TryGetIntegers(out var low, out var high) || (low <= high && (!column.TryGetBounds(out var smallest, out var largest) || (smallest <= high && largest >= low)));
            case AttributeType.Bool or AttributeType.Double: return true;
            default: return false;
        }
    }

    /// <inheritdoc/>
    public override void Apply(in OpenPart part, Span<ulong> rows)
    {
        var (matching, having) = (new ulong[rows.Length], new ulong[IsNegative ? rows.Length : 0]);
        if (_looksAtSpans)
        {
            foreach (var column in part.Columns.Attribute(_key))
            {
                if (IsNegative) column.MarkAll(having);
                _columns.Mark(column, matching);
            }
        }
        AddResources(part, _matchingResources, rows, matching);
        if (!IsNegative)
        {
            RowBits.And(rows, matching);
            return;
        }
        AddResources(part, _havingResources, rows, having);
        RowBits.And(rows, having);
        RowBits.AndNot(rows, matching);
    }

    private static void AddResources(in OpenPart part, ulong[] resources, ReadOnlySpan<ulong> rows, Span<ulong> found)
    {
        if (RowBits.IsEmpty(resources)) return;
        var candidates = rows.ToArray();
        SetScan.And(part.Columns.Rows(RowColumn.Resource), resources, candidates);
        RowBits.Or(found, candidates);
    }

    private void LookAtResources(SpanBatch tables)
    {
        var offsets = tables.Resources.AttributeOffset;
        var attributes = tables.Resources.Attributes;
        for (var resource = 0; resource < tables.Resources.Count; resource++)
        {
            for (var i = offsets[resource]; i < offsets[resource + 1]; i++)
            {
                if (attributes.Key[i] != _key) continue;
                RowBits.Set(_havingResources, resource);
                if (_columns.Matches(tables.Strings, tables.Blobs, attributes, i)) RowBits.Set(_matchingResources, resource);
            }
        }
    }
}
