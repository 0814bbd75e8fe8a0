using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Query.Execution;

/// <summary>
/// A span predicate made ready for one segment. <see cref="Apply"/> takes the marks off the rows on which it does not hold; rows without a mark need not be
/// looked at. One query's own; not thread safe.
/// </summary>
internal abstract class SpanFilter(ColumnGroups needs, int? key = null)
{
    /// <summary>The columns that it looks at.</summary>
    public ColumnGroups Needs { get; } = needs;

    /// <summary>The one attribute key that it looks at, beside the spans' resources and nothing else; null when that is not so.</summary>
    public int? Key { get; } = key;

    /// <summary>Filters that hold together where this one holds, those that need least first: a stage is not loaded when no row is left.</summary>
    public virtual IReadOnlyList<SpanFilter> Stages => [this];

    /// <summary>True when no span of the segment can match, so that nothing need be loaded.</summary>
    public virtual bool MatchesNothing => false;

    /// <summary>Keeps the marks of the rows on which the predicate holds.</summary>
    public abstract void Apply(SpanBatch rows, Span<bool> marks);

    /// <summary>Holds where a test of single rows holds.</summary>
    internal sealed class Each(ColumnGroups needs, Func<SpanBatch, int, bool> test, int? key = null) : SpanFilter(needs, key)
    {
        /// <inheritdoc/>
        public override void Apply(SpanBatch rows, Span<bool> marks)
        {
            for (var row = 0; row < marks.Length; row++)
            {
                if (marks[row] && !test(rows, row)) marks[row] = false;
            }
        }
    }

    /// <summary>Holds nowhere.</summary>
    internal sealed class Nothing() : SpanFilter(ColumnGroups.Core)
    {
        /// <inheritdoc/>
        public override bool MatchesNothing => true;

        /// <inheritdoc/>
        public override void Apply(SpanBatch rows, Span<bool> marks) => marks.Clear();
    }

    /// <summary>Starts within [from, to).</summary>
    internal sealed class StartsIn(ulong from, ulong? to) : SpanFilter(ColumnGroups.Core)
    {
        /// <inheritdoc/>
        public override void Apply(SpanBatch rows, Span<bool> marks)
        {
            var starts = rows.StartUnixNano.Span;
            for (var row = 0; row < marks.Length; row++) marks[row] &= starts[row] >= from && (to is null || starts[row] < to);
        }
    }

    /// <summary>All terms hold.</summary>
    internal sealed class All(IReadOnlyList<SpanFilter> terms) : SpanFilter(terms.Aggregate(ColumnGroups.Core, (needs, t) => needs | t.Needs))
    {
        /// <inheritdoc/>
        public override IReadOnlyList<SpanFilter> Stages => terms;

        /// <inheritdoc/>
        public override bool MatchesNothing => terms.Any(t => t.MatchesNothing);

        /// <inheritdoc/>
        public override void Apply(SpanBatch rows, Span<bool> marks)
        {
            foreach (var term in terms) term.Apply(rows, marks);
        }
    }

    /// <summary>Some term holds.</summary>
    internal sealed class Any(IReadOnlyList<SpanFilter> terms) : SpanFilter(terms.Aggregate(ColumnGroups.Core, (needs, t) => needs | t.Needs))
    {
        /// <inheritdoc/>
        public override bool MatchesNothing => terms.All(t => t.MatchesNothing);

        /// <inheritdoc/>
        public override void Apply(SpanBatch rows, Span<bool> marks)
        {
            var result = new bool[marks.Length];
            var candidates = new bool[marks.Length];
            foreach (var term in terms)
            {
                marks.CopyTo(candidates);
                term.Apply(rows, candidates);
                for (var row = 0; row < result.Length; row++) result[row] |= candidates[row];
            }
            result.CopyTo(marks);
        }
    }

    /// <summary>The term does not hold.</summary>
    internal sealed class None(SpanFilter term) : SpanFilter(term.Needs)
    {
        /// <inheritdoc/>
        public override void Apply(SpanBatch rows, Span<bool> marks)
        {
            var holds = marks.ToArray();
            term.Apply(rows, holds);
            for (var row = 0; row < marks.Length; row++) marks[row] &= !holds[row];
        }
    }
}
