using Throughline.Engine.Model;
using Throughline.Engine.Query;

namespace Throughline.Tests.Query;

/// <summary>What must hold for every trace that is read, whatever its parents say.</summary>
internal static class TreeCheck
{
    public static void Check(TraceView view)
    {
        var spans = view.Spans;
        var rows = Enumerable.Range(0, spans.RowCount).ToArray();
        Assert.Equal(rows.Length, view.ParentRow.Length);
        var ids = rows.Select(r => spans.SpanId[r]).ToHashSet();
        foreach (var row in rows)
        {
            var (parentId, parent, warnings) = (spans.ParentSpanId[row], view.ParentRow[row], view.Warnings[row]);
            Assert.True(parent < row, "a parent stands before its children");
            var isBroken = warnings.HasFlag(SpanWarnings.Cycle);
            if (isBroken) Assert.Equal(TraceView.Root, parent);
            else if (parentId == 0) Assert.Equal(TraceView.Root, parent);
            else if (!ids.Contains(parentId)) Assert.Equal(TraceView.Orphan, parent);
            else Assert.Equal(parentId, spans.SpanId[parent]);
            Assert.Equal(parent == TraceView.Orphan, warnings.HasFlag(SpanWarnings.ParentMissing));
            Assert.Equal(spans.EndUnixNano[row] < spans.StartUnixNano[row], warnings.HasFlag(SpanWarnings.EndBeforeStart));
            Assert.Equal(rows.Count(r => spans.SpanId[r] == spans.SpanId[row]) > 1, warnings.HasFlag(SpanWarnings.SharedId));
            Assert.Equal(parent >= 0 && spans.StartUnixNano[row] < spans.StartUnixNano[parent], warnings.HasFlag(SpanWarnings.StartsBeforeParent));
            // A break is on a cycle: without it, the parents would lead back here.
            if (isBroken) Assert.True(LeadsBack(view, row, parentId), "a cycle is broken in the cycle");
        }
        foreach (var siblings in rows.GroupBy(r => Math.Max(view.ParentRow[r], -1)))
        {
            var starts = siblings.Select(r => spans.StartUnixNano[r]).ToArray();
            Assert.Equal(starts.Order(), starts);
        }
        Assert.Equal(rows.Select(r => (spans.Marks[r] & (byte)SpanMarks.Error) != 0), view.IsError);
    }

    private static bool LeadsBack(TraceView view, int row, ulong parentId) => Enumerable.Range(0, view.ParentRow.Length).Any(other =>
    {
        if (view.Spans.SpanId[other] != parentId) return false;
        for (var ancestor = other; ancestor >= 0; ancestor = view.ParentRow[ancestor])
        {
            if (ancestor == row) return true;
        }
        return false;
    });
}
