namespace Throughline.Engine.Model;

/// <summary>
/// Keeps the tables of heads that have become blocks, for the next heads: a table of 60,000 spans is some 30 MB, and getting these anew from the system (and having them cleared) for
/// every head cost more than filling them. Owned by the store; thread safe.
/// </summary>
/// <param name="maxTableBytes">Tables that hold more memory than this are not kept.</param>
internal sealed class SpanTablePool(long maxTableBytes)
{
    /// <summary>One head fills while another is being written, so the next one needs no third.</summary>
    private const int MaxKept = 1;

    private readonly Lock _gate = new();
    private readonly Stack<SpanTable> _idle = new();

    /// <summary>An empty table; the caller owns it until <see cref="Return"/>.</summary>
    public SpanTable Rent()
    {
        lock (_gate)
        {
            return _idle.TryPop(out var table) ? table : new SpanTable();
        }
    }

    /// <summary>Takes a table back that nobody reads any more.</summary>
    public void Return(SpanTable table)
    {
        if (table.MemoryBytes > maxTableBytes) return;
        table.Clear();
        lock (_gate)
        {
            if (_idle.Count < MaxKept) _idle.Push(table);
        }
    }

    /// <summary>Gives the memory of idle tables back: spans come too slowly to need them.</summary>
    public void Trim()
    {
        lock (_gate)
        {
            _idle.Clear();
        }
    }
}
