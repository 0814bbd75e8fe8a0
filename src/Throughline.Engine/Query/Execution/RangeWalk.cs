using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Query.Execution;

/// <summary>
/// Goes through the spans that an aggregate counts: those that start in [from, to) and whose trace shows. Segments that lie wholly in the range can be counted from what was summed up when
/// they were written; of the others the parts are walked. One thread; not reused.
/// </summary>
internal sealed class RangeWalk(StoreView view, ulong from, ulong? to, QueryBounds bounds)
{
    private readonly ulong _last = to is { } end ? end - 1 : ulong.MaxValue;

    /// <summary>What could not be read.</summary>
    public List<string> Unreadable { get; } = Unopened(view, from, to);

    /// <summary>Why the walk ended early; null when it did not.</summary>
    public Truncation? Truncation { get; private set; }

    /// <summary>What a result says: that it is not whole, or null.</summary>
    public Truncation? Truncated => Truncation ?? (Unreadable.Count > 0 ? new Truncation("unreadable", $"Some stored data cannot be read: {Unreadable[0]}") : null);

    /// <summary>Something to do with a segment.</summary>
    public delegate void Count(int number, ISpanSegment segment);

    /// <summary>Something to do with rows of a part.</summary>
    public delegate void CountRows(in OpenPart part, ulong[] rows);

    /// <summary>Goes through the segments that have spans in the range.</summary>
    public void Segments(Count count)
    {
        if (to is 0) return;
        try
        {
            for (var i = 0; i < view.Segments.Count; i++) Segment(i, count);
        }
        catch (BoundHitException e)
        {
            Truncation = e.Truncation;
        }
    }

    /// <summary>Charges what a count needs before it begins; false when that is more than it may take, which the result then says.</summary>
    public bool Charge(long bytes)
    {
        try
        {
            bounds.Charge(bytes);
            return true;
        }
        catch (BoundHitException e)
        {
            Truncation = e.Truncation;
            return false;
        }
    }

    private static List<string> Unopened(StoreView view, ulong from, ulong? to)
    {
        var unreadable = new List<string>();
        view.TellUnopened(from, to, unreadable);
        return unreadable;
    }

    private void Segment(int number, Count count)
    {
        bounds.Check();
        try
        {
            count(number, view.Segments[number]);
        }
        catch (UnreadableSegmentException e)
        {
            Unreadable.Add(e.Message);
        }
    }

    /// <summary>Whether all spans of a segment start in the range and all its traces show.</summary>
    public bool IsWhole(int segment)
    {
        foreach (var part in view.Segments[segment].Parts)
        {
            if (part.MinStartUnixNano < from || part.MaxStartUnixNano > _last) return false;
        }
        return ShowsAll(segment);
    }

    /// <summary>Whether all traces of a segment show.</summary>
    public bool ShowsAll(int segment)
    {
        if (view.Visibility.HiddenBeforeUnixNano == 0) return true;
        for (var part = 0; part < view.Segments[segment].Parts.Count; part++)
        {
            if (view.HiddenIn(segment, Open(segment, part), Unreadable) is not null) return false;
        }
        return true;
    }

    /// <summary>Goes through the parts of a segment that have spans in the range.</summary>
    public void Parts(int segment, CountRows count) => Parts(segment, from, _last, count);

    /// <summary>Goes through the parts of a segment that have spans that start from <paramref name="first"/> to <paramref name="last"/>, both inclusive and within the range.</summary>
    public void Parts(int segment, ulong first, ulong last, CountRows count)
    {
        for (var i = 0; i < view.Segments[segment].Parts.Count; i++)
        {
            var part = Open(segment, i);
            if (part.Facts.MaxStartUnixNano < first || part.Facts.MinStartUnixNano > last) continue;
            bounds.Check();
            try
            {
                var rows = RowBits.All(part.Facts.Rows);
                if (part.Facts.MinStartUnixNano < first || part.Facts.MaxStartUnixNano > last) RangeScan.And(part.Columns.Rows(RowColumn.Start), first, last, rows);
                if (view.HiddenIn(segment, part, Unreadable) is { } hidden) part.Columns.ClearRowsOf(hidden, rows);
                if (!RowBits.IsEmpty(rows)) count(part, rows);
            }
            catch (UnreadableSegmentException e)
            {
                Unreadable.Add(e.Message);
            }
        }
    }

    private OpenPart Open(int segment, int part) => new(view.Segments[segment].Parts[part], view.Segments[segment].Open(part));
}
