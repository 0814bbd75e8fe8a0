using System.Runtime.CompilerServices;

namespace Throughline.Engine.Model;

/// <summary>Numbers of one batch to numbers of another, -1 when not known yet. Owned by a <see cref="SpanCopier"/>; not thread safe.</summary>
internal sealed class IdMap
{
    private readonly Dictionary<int, int> _few = [];
    private int[] _all = [];
    private bool _isSparse;

    /// <summary>Forgets all. A sparse map takes no memory for the numbers that are never asked for.</summary>
    public void Reset(int count, bool isSparse)
    {
        _isSparse = isSparse;
        if (_few.Count > 0) _few.Clear();
        if (isSparse) return;
        if (_all.Length < count) _all = new int[Math.Max(count, _all.Length * 2)];
        _all.AsSpan(0, count).Fill(-1);
    }

    /// <summary>The numbers of a map that is not sparse.</summary>
    public Span<int> All(int count) => _all.AsSpan(0, count);

    public int this[int id]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _isSparse ? _few.GetValueOrDefault(id, -1) : _all[id];
        set
        {
            if (_isSparse) _few[id] = value;
            else _all[id] = value;
        }
    }
}
