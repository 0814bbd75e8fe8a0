using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Query.Execution;

/// <summary>A part with what is known of it without reading.</summary>
internal readonly record struct OpenPart(SegmentPart Facts, ISegmentPart Columns);

/// <summary>
/// A span predicate made ready for one segment: it takes the rows on which it does not hold out of a set of rows. A closed family. Used by all threads of a query; thread safe.
/// </summary>
internal abstract class SpanFilter
{
    /// <summary>What <see cref="Apply"/> costs, roughly, in nanoseconds a row; cheap ones come first.</summary>
    public abstract int Cost { get; }

    /// <summary>True when no span of the segment can match.</summary>
    public virtual bool MatchesNothing => false;

    /// <summary>False when no row of the part can match, as far as that is known without reading its columns.</summary>
    public virtual bool CanMatch(in OpenPart part) => true;

    /// <summary>Keeps the rows on which the predicate holds.</summary>
    public abstract void Apply(in OpenPart part, Span<ulong> rows);

    /// <summary>Holds nowhere.</summary>
    internal sealed class Nothing : SpanFilter
    {
        /// <inheritdoc/>
        public override int Cost => 0;

        /// <inheritdoc/>
        public override bool MatchesNothing => true;

        /// <inheritdoc/>
        public override bool CanMatch(in OpenPart part) => false;

        /// <inheritdoc/>
        public override void Apply(in OpenPart part, Span<ulong> rows) => rows.Clear();
    }

    /// <summary>Starts within [from, to).</summary>
    internal sealed class StartsIn(ulong from, ulong? to) : SpanFilter
    {
        /// <inheritdoc/>
        public override int Cost => 1;

        /// <inheritdoc/>
        public override bool MatchesNothing => to is 0;

        /// <inheritdoc/>
        public override bool CanMatch(in OpenPart part) => part.Facts.MaxStartUnixNano >= from && (to is not { } end || part.Facts.MinStartUnixNano < end);

        /// <inheritdoc/>
        public override void Apply(in OpenPart part, Span<ulong> rows)
        {
            var last = to is { } end ? end - 1 : ulong.MaxValue;
            if (part.Facts.MinStartUnixNano >= from && part.Facts.MaxStartUnixNano <= last) return;
            RangeScan.And(part.Columns.Rows(RowColumn.Start), from, last, rows);
        }
    }

    /// <summary>A number of the row lies within both bounds, as unsigned numbers.</summary>
    internal sealed class InRange(RowColumn column, ulong low, ulong high) : SpanFilter
    {
        /// <inheritdoc/>
        public override int Cost => 1;

        /// <inheritdoc/>
        public override bool MatchesNothing => low > high;

        /// <inheritdoc/>
        public override bool CanMatch(in OpenPart part) => !part.Columns.TryGetBounds(column, out var smallest, out var largest) || (smallest <= high && largest >= low);

        /// <inheritdoc/>
        public override void Apply(in OpenPart part, Span<ulong> rows) => RangeScan.And(part.Columns.Rows(column), low, high, rows);
    }

    /// <summary>A number of the row is a chosen one.</summary>
    internal sealed class Chosen(RowColumn column, ulong[] chosen) : SpanFilter
    {
        /// <inheritdoc/>
        public override int Cost => 1;

        /// <inheritdoc/>
        public override bool MatchesNothing => RowBits.IsEmpty(chosen);

        /// <inheritdoc/>
        public override bool CanMatch(in OpenPart part)
        {
            if (!part.Columns.TryGetBounds(column, out var smallest, out var largest)) return true;
            var end = Math.Min(largest, ((ulong)chosen.Length << 6) - 1) + 1;
            return smallest < end && RowBits.AnyIn(chosen, (int)smallest, (int)end);
        }

        /// <inheritdoc/>
        public override void Apply(in OpenPart part, Span<ulong> rows) => SetScan.And(part.Columns.Rows(column), chosen, rows);
    }

    /// <summary>The status code is one of these.</summary>
    internal sealed class StatusIn(IReadOnlyList<SpanStatusCode> codes) : SpanFilter
    {
        /// <inheritdoc/>
        public override int Cost => 1;

        /// <inheritdoc/>
        public override bool MatchesNothing => codes.Count == 0;

        /// <inheritdoc/>
        public override void Apply(in OpenPart part, Span<ulong> rows)
        {
            var status = part.Columns.Rows(RowColumn.Status);
            var (kept, candidates) = (new ulong[rows.Length], new ulong[rows.Length]);
            foreach (var code in codes)
            {
                rows.CopyTo(candidates);
                RangeScan.AndSigned(status, (long)code, (long)code, candidates);
                RowBits.Or(kept, candidates);
            }
            kept.CopyTo(rows);
        }
    }

    /// <summary>The status message passes a test.</summary>
    internal sealed class StatusMessage(AnswerBook answers) : SpanFilter
    {
        /// <inheritdoc/>
        public override int Cost => 3;

        /// <inheritdoc/>
        public override bool CanMatch(in OpenPart part) => answers.CanHold(part.Columns.StatusMessages);

        /// <inheritdoc/>
        public override void Apply(in OpenPart part, Span<ulong> rows)
        {
            var found = new ulong[rows.Length];
            answers.Mark(part.Columns.StatusMessages, found);
            RowBits.And(rows, found);
        }
    }

    /// <summary>Has a link to a span of a trace.</summary>
    internal sealed class LinksTo(TraceId traceId) : SpanFilter
    {
        /// <inheritdoc/>
        public override int Cost => 2;

        /// <inheritdoc/>
        public override bool CanMatch(in OpenPart part) => part.Columns.HasLinks;

        /// <inheritdoc/>
        public override void Apply(in OpenPart part, Span<ulong> rows)
        {
            var found = new ulong[rows.Length];
            part.Columns.MarkRowsLinkedTo(traceId, found);
            RowBits.And(rows, found);
        }
    }

    /// <summary>All terms hold.</summary>
    internal sealed class All : SpanFilter
    {
        private readonly SpanFilter[] _terms;

        /// <summary>All of the terms.</summary>
        public All(IEnumerable<SpanFilter> terms) => _terms = [.. terms.OrderBy(t => t.Cost)];

        /// <inheritdoc/>
        public override int Cost => _terms.Sum(t => t.Cost);

        /// <inheritdoc/>
        public override bool MatchesNothing => _terms.Any(t => t.MatchesNothing);

        /// <inheritdoc/>
        public override bool CanMatch(in OpenPart part)
        {
            foreach (var term in _terms)
            {
                if (!term.CanMatch(part)) return false;
            }
            return true;
        }

        /// <inheritdoc/>
        public override void Apply(in OpenPart part, Span<ulong> rows)
        {
            foreach (var term in _terms)
            {
                term.Apply(part, rows);
                if (RowBits.IsEmpty(rows)) return;
            }
        }
    }

    /// <summary>Some term holds.</summary>
    internal sealed class Any(SpanFilter[] terms) : SpanFilter
    {
        /// <inheritdoc/>
        public override int Cost => terms.Sum(t => t.Cost);

        /// <inheritdoc/>
        public override bool MatchesNothing => terms.All(t => t.MatchesNothing);

        /// <inheritdoc/>
        public override bool CanMatch(in OpenPart part)
        {
            foreach (var term in terms)
            {
                if (term.CanMatch(part)) return true;
            }
            return false;
        }

        /// <inheritdoc/>
        public override void Apply(in OpenPart part, Span<ulong> rows)
        {
            var (kept, candidates) = (new ulong[rows.Length], new ulong[rows.Length]);
            foreach (var term in terms)
            {
                if (!term.CanMatch(part)) continue;
                // What one term has found need not be looked at by the next.
                rows.CopyTo(candidates);
                RowBits.AndNot(candidates, kept);
                term.Apply(part, candidates);
                RowBits.Or(kept, candidates);
            }
            kept.CopyTo(rows);
        }
    }

    /// <summary>The term does not hold.</summary>
    internal sealed class None(SpanFilter term) : SpanFilter
    {
        /// <inheritdoc/>
        public override int Cost => term.Cost;

        /// <inheritdoc/>
        public override void Apply(in OpenPart part, Span<ulong> rows)
        {
            if (!term.CanMatch(part)) return;
            var holds = rows.ToArray();
            term.Apply(part, holds);
            RowBits.AndNot(rows, holds);
        }
    }
}
