namespace Throughline.Engine.Model;

/// <summary>Length of the union of intervals that come in the order of their starts.</summary>
internal struct IntervalUnion
{
    private ulong _closed;
    private ulong _start;
    private ulong _end;

    /// <summary>What the intervals so far cover together.</summary>
    public readonly ulong Length => _closed + (_end - _start);

    /// <summary>Adds an interval that starts no earlier than those before, and ends no earlier than it starts.</summary>
    public void Add(ulong start, ulong end)
    {
        if (start > _end)
        {
            _closed += _end - _start;
            (_start, _end) = (start, end);
        }
        else if (end > _end)
        {
            _end = end;
        }
    }
}
