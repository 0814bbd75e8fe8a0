using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Throughline.Engine.Model.Columns;

/// <summary>
/// Byte strings numbered from 0 in order of arrival, each once. One owner adds; a <see cref="Snapshot"/> may be read by others meanwhile.
/// Open addressing with a hash that is seeded per process, so that senders cannot aim collisions.
/// </summary>
public sealed class ByteDictionary
{
    // Both factors of every product are secret: a factor that a sender could make 0 would let him aim collisions.
    private static readonly ulong Seed = (ulong)Random.Shared.NextInt64() | 1;
    private static readonly ulong SecondSeed = (ulong)Random.Shared.NextInt64() << 1 | 1;

    // A slot is 0 when empty, else the upper half of the hash and the id + 1.
    private ulong[] _slots;
    private byte[] _arena;
    private int[] _ends;
    private int _count;
    private int _used;

    /// <summary>Creates an empty dictionary.</summary>
    public ByteDictionary(int slotCapacity = 64)
    {
        _slots = new ulong[(int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, slotCapacity))];
        _arena = new byte[256];
        _ends = new int[16];
    }

    private ByteDictionary(ulong[] slots, byte[] arena, int[] ends, int count, int used) =>
        (_slots, _arena, _ends, _count, _used) = (slots, arena, ends, count, used);

    /// <summary>Number of entries.</summary>
    public int Count => _count;

    /// <summary>Bytes of all entries together.</summary>
    public int SizeBytes => _used;

    /// <summary>Memory held: entries, ends and slots.</summary>
    public long MemoryBytes => _arena.LongLength + _ends.LongLength * sizeof(int) + _slots.LongLength * sizeof(ulong);

    /// <summary>What of that is in use.</summary>
    internal long UsedBytes => _used + (long)_count * (sizeof(int) + 2 * sizeof(ulong));

    /// <summary>The entry's bytes; valid as long as the dictionary isn't cleared.</summary>
    public ReadOnlySpan<byte> this[int id]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            var start = id == 0 ? 0 : _ends[id - 1];
            return new ReadOnlySpan<byte>(_arena, start, _ends[id] - start);
        }
    }

    /// <summary>The bytes of all entries, one after the other.</summary>
    public ReadOnlySpan<byte> Entries => new(_arena, 0, _used);

    /// <summary>The id of <paramref name="value"/>, or -1.</summary>
    public int Find(ReadOnlySpan<byte> value)
    {
        var hash = Hash(value);
        var slots = _slots;
        var mask = slots.Length - 1;
        var tag = hash & 0xFFFFFFFF_00000000;
        for (var i = (int)hash & mask; ; i = (i + 1) & mask)
        {
            var slot = slots[i];
            if (slot == 0) return -1;
            if ((slot & 0xFFFFFFFF_00000000) != tag) continue;
            var id = (int)(uint)slot - 1;
            if (id < _count && value.SequenceEqual(this[id])) return id;
        }
    }

    /// <summary>The id of <paramref name="value"/>, added when it is new. <paramref name="added"/> tells which.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int GetOrAdd(ReadOnlySpan<byte> value, out bool added)
    {
        var id = Find(value, out var place);
        added = id < 0;
        return added ? Add(value, place) : id;
    }

    /// <summary>
    /// Looks all entries of another dictionary up: <paramref name="ids"/> gets the id of each, or -1 where it is not found at once, which it may still be; <paramref name="hashes"/> gets
    /// their hashes. In a large dictionary each look-up waits for memory two or three times (about 100 ns each); here many wait together.
    /// </summary>
    internal void FindAll(ByteDictionary others, Span<int> ids, Span<ulong> hashes)
    {
        for (var first = 0; first < ids.Length; first += AtOnce)
        {
            var count = Math.Min(AtOnce, ids.Length - first);
            FindSome(others, first, ids.Slice(first, count), hashes.Slice(first, count));
        }
    }

    /// <summary>What is prefetched for so many look-ups fits into the processor's first cache.</summary>
    private const int AtOnce = 128;

    private void FindSome(ByteDictionary others, int first, Span<int> ids, Span<ulong> hashes)
    {
        var slots = _slots;
        var ends = _ends;
        var mask = slots.Length - 1;
        for (var i = 0; i < ids.Length; i++)
        {
            hashes[i] = Hash(others[first + i]);
            Prefetch.Of(ref slots[(int)hashes[i] & mask]);
        }
        for (var i = 0; i < ids.Length; i++)
        {
            var slot = slots[(int)hashes[i] & mask];
            ids[i] = slot != 0 && ((slot ^ hashes[i]) & 0xFFFFFFFF_00000000) == 0 ? (int)(uint)slot - 1 : -1;
            if (ids[i] >= 0) Prefetch.Of(ref ends[ids[i]]);
        }
        for (var i = 0; i < ids.Length; i++)
        {
            if (ids[i] > 0) Prefetch.Of(ref _arena[Math.Min(ends[ids[i] - 1], _arena.Length - 1)]);
        }
        for (var i = 0; i < ids.Length; i++)
        {
            if (ids[i] >= 0 && !this[ids[i]].SequenceEqual(others[first + i])) ids[i] = -1;
        }
    }

    /// <summary>The id of <paramref name="value"/>, whose hash is known, added when it is new.</summary>
    internal int GetOrAdd(ReadOnlySpan<byte> value, ulong hash)
    {
        var id = Find(value, hash, out var place);
        return id < 0 ? Add(value, place) : id;
    }

    /// <summary>Where an entry that <see cref="Find(ReadOnlySpan{byte}, out Place)"/> did not find belongs; valid until something is added.</summary>
    internal readonly record struct Place(ulong Hash, int Slot);

    /// <summary>The id of <paramref name="value"/>, or -1 and the place to add it at. For the owner.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int Find(ReadOnlySpan<byte> value, out Place place) => Find(value, Hash(value), out place);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Find(ReadOnlySpan<byte> value, ulong hash, out Place place)
    {
        var slots = _slots;
        var mask = slots.Length - 1;
        var i = (int)hash & mask;
        while (true)
        {
            var slot = slots[i];
            if (slot == 0)
            {
                place = new Place(hash, i);
                return -1;
            }
            if (((slot ^ hash) & 0xFFFFFFFF_00000000) == 0)
            {
                var id = (int)(uint)slot - 1;
                if (value.SequenceEqual(this[id]))
                {
                    place = default;
                    return id;
                }
            }
            i = (i + 1) & mask;
        }
    }

    /// <summary>The id of <paramref name="value"/>, added when it is new.</summary>
    public int GetOrAdd(ReadOnlySpan<byte> value) => GetOrAdd(value, out _);

    /// <summary>Takes over stored entries, which are distinct: <paramref name="ends"/> are their ends in <paramref name="arena"/>.</summary>
    public void Load(ReadOnlySpan<byte> arena, ReadOnlySpan<int> ends)
    {
        _arena = arena.ToArray();
        _ends = ends.ToArray();
        _count = ends.Length;
        _used = arena.Length;
        Rehash((int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, _count * 2)));
    }

    /// <summary>A reader's view of the entries there are now.</summary>
    public ByteDictionary Snapshot() => new(_slots, _arena, _ends, _count, _used);

    /// <summary>Forgets all entries and keeps the memory, unless it has grown past <paramref name="keepBytes"/>.</summary>
    public void Clear(int keepBytes = 1 << 20)
    {
        if (_arena.Length > keepBytes) _arena = new byte[256];
        if (_slots.Length * sizeof(ulong) > keepBytes)
        {
            _slots = new ulong[64];
            _ends = new int[16];
        }
        else
        {
            Array.Clear(_slots);
        }
        _count = 0;
        _used = 0;
    }

    /// <summary>Adds an entry at the place that looking for it has just given.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal int Add(ReadOnlySpan<byte> value, Place place)
    {
        if (_used + (long)value.Length > Array.MaxLength)
            throw new InvalidOperationException($"A dictionary of {_used} bytes cannot take {value.Length} more; its owner's size limit should have come first.");
        if (_used + value.Length > _arena.Length)
        {
            var grown = new byte[(int)Math.Min(Array.MaxLength, Math.Max((long)_arena.Length * 2, _used + (long)value.Length))];
            _arena.AsSpan(0, _used).CopyTo(grown);
            _arena = grown;
        }
        if (_count == _ends.Length) Array.Resize(ref _ends, _ends.Length * 2);
        value.CopyTo(_arena.AsSpan(_used));
        _used += value.Length;
        var id = _count;
        _ends[id] = _used;
        _count = id + 1;
        if (_count * 4L > _slots.Length * 3L) Rehash(_slots.Length * 2);
        else Volatile.Write(ref _slots[place.Slot], (place.Hash & 0xFFFFFFFF_00000000) | (uint)(id + 1));
        return id;
    }

    private void Rehash(int slotCount)
    {
        var slots = new ulong[slotCount];
        var mask = slotCount - 1;
        for (var id = 0; id < _count; id++)
        {
            var hash = Hash(this[id]);
            var i = (int)hash & mask;
            while (slots[i] != 0) i = (i + 1) & mask;
            slots[i] = (hash & 0xFFFFFFFF_00000000) | (uint)(id + 1);
        }
        _slots = slots;
    }

    /// <summary>
    /// A multiply-and-fold hash over the first and last words of short values and all words of longer ones. Prototype measurements gave
    /// it half the time of XxHash3 on values under 16 bytes, which most keys and values are.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Hash(ReadOnlySpan<byte> value)
    {
        var length = value.Length;
        ref var p = ref MemoryMarshal.GetReference(value);
        ulong a, b;
        if (length > 16) return HashLong(ref p, length);
        if (length >= 8)
        {
            a = Unsafe.ReadUnaligned<ulong>(ref p);
            b = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref p, length - 8));
        }
        else if (length >= 4)
        {
            a = Unsafe.ReadUnaligned<uint>(ref p);
            b = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref p, length - 4));
        }
        else if (length > 0)
        {
            a = ((ulong)p << 16) | ((ulong)Unsafe.Add(ref p, length >> 1) << 8) | Unsafe.Add(ref p, length - 1);
            b = 0;
        }
        else
        {
            a = b = 0;
        }
        return Fold(a ^ Seed ^ (ulong)length, b ^ SecondSeed);
    }

    private static ulong HashLong(ref byte p, int length)
    {
        var hash = Seed ^ (ulong)length;
        var i = 0;
        for (; i + 16 <= length; i += 16)
        {
            hash = Fold(Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref p, i)) ^ hash,
                Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref p, i + 8)) ^ SecondSeed);
        }
        return Fold(Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref p, length - 16)) ^ hash,
            Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref p, length - 8)) ^ SecondSeed);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Fold(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out var low);
        return high ^ low;
    }
}
