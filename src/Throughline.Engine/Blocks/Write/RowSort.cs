namespace Throughline.Engine.Blocks.Write;

/// <summary>Sorts the rows of a trace, which mostly come nearly in order, and few at a time. Stateless.</summary>
internal static class RowSort
{
    /// <summary>More rows than these are worth a real sort.</summary>
    private const int FewRows = 48;

    /// <summary>Sorts rows.</summary>
    public static void Sort<TOrder>(Span<int> rows, TOrder order)
        where TOrder : IComparer<int>
    {
        if (rows.Length > FewRows)
        {
            rows.Sort(order);
            return;
        }
        for (var i = 1; i < rows.Length; i++)
        {
            var row = rows[i];
            var at = i;
            while (at > 0 && order.Compare(rows[at - 1], row) > 0)
            {
                rows[at] = rows[at - 1];
                at--;
            }
            rows[at] = row;
        }
    }
}
