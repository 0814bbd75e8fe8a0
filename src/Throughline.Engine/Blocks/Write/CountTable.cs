using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Write;

/// <summary>
/// Counts by a number, asked two or three times a span: a hash table that does nothing else. Keys come of numbers that the block has given, so nobody can aim at its slots. Keeps its memory.
/// Not thread safe.
/// </summary>
internal sealed class CountTable
{
    /// <summary>A key with what was counted for it: no block has four billion spans.</summary>
    public struct Counted
    {
        public ulong Key;
        public uint Count;
        public uint Errors;
    }

    private Counted[] _slots = new Counted[256];
    private int _used;

    /// <summary>Counts one more.</summary>
    public void Add(ulong key, uint errors)
    {
        var slots = _slots;
        var mask = slots.Length - 1;
        for (var i = SlotOf(key) & mask; ; i = (i + 1) & mask)
        {
            ref var slot = ref slots[i];
            if (slot.Count == 0)
            {
                slot = new Counted { Key = key, Count = 1, Errors = errors };
                if (++_used * 2 > slots.Length) Grow();
                return;
            }
            if (slot.Key != key) continue;
            slot.Count++;
            slot.Errors += errors;
            return;
        }
    }

    /// <summary>Says that a key will come soon.</summary>
    public void Prepare(ulong key) => Prefetch.Of(ref _slots[SlotOf(key) & (_slots.Length - 1)]);

    private static int SlotOf(ulong key) => (int)((key * 0x9E3779B97F4A7C15) >> 33);

    private void Grow()
    {
        var old = _slots;
        _slots = new Counted[old.Length * 2];
        var mask = _slots.Length - 1;
        foreach (ref readonly var counted in old.AsSpan())
        {
            if (counted.Count == 0) continue;
            var i = SlotOf(counted.Key) & mask;
            while (_slots[i].Count != 0) i = (i + 1) & mask;
            _slots[i] = counted;
        }
    }

    /// <summary>All counts, by key.</summary>
    public Counted[] InOrder()
    {
        var (keys, counts) = (new ulong[_used], new Counted[_used]);
        var next = 0;
        foreach (ref readonly var counted in _slots.AsSpan())
        {
            if (counted.Count == 0) continue;
            keys[next] = counted.Key;
            counts[next++] = counted;
        }
        Array.Sort(keys, counts);
        return counts;
    }

    /// <summary>Forgets all counts.</summary>
    public void Clear()
    {
        if (_used > 0) Array.Clear(_slots);
        _used = 0;
    }
}
