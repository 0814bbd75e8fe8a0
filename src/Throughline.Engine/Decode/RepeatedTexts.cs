using System.Runtime.CompilerServices;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Decode;

/// <summary>
/// Guesses the texts of attributes: after a key comes the key that came after it the last time, and a key's value is the one that it had the last time. A right guess costs one comparison instead
/// of a hash, a probe and a comparison. For keys of one batch's dictionary; not thread safe.
/// </summary>
internal sealed class RepeatedTexts
{
    /// <summary>Keys with larger numbers are not guessed: texts of a batch that are keys come early, unless someone sends keys by the thousands.</summary>
    private const int MaxKeys = 4096;

    // By key + 1 (0: the owner's first): the key that followed, + 1, or 0. By key + 1: its last value + 1.
    private int[] _next = new int[64];
    private int[] _value = new int[64];
    private int _last;

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_next);
        Array.Clear(_value);
        _last = 0;
    }

    /// <summary>Begins an owner's attributes.</summary>
    public void BeginOwner() => _last = 0;

    /// <summary>The number of the key when it is the expected one, else -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int FindKey(ByteDictionary texts, ReadOnlySpan<byte> key)
    {
        var next = _next;
        var last = _last;
        var id = (uint)last < (uint)next.Length ? next[last] - 1 : -1;
        if (id < 0 || !key.SequenceEqual(texts[id])) return -1;
        _last = id + 1;
        return id;
    }

    /// <summary>Notes which key came; answers it.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public int RememberKey(int id)
    {
        if (_last <= MaxKeys)
        {
            if (_last >= _next.Length) Array.Resize(ref _next, Math.Max(_last + 1, _next.Length * 2));
            _next[_last] = id + 1;
        }
        _last = id + 1;
        return id;
    }

    /// <summary>The number of the key's value when it is the same as the last time, else -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int FindValue(ByteDictionary texts, int key, ReadOnlySpan<byte> value)
    {
        var values = _value;
        var id = (uint)key < (uint)values.Length ? values[key] - 1 : -1;
        return id >= 0 && value.SequenceEqual(texts[id]) ? id : -1;
    }

    /// <summary>Notes a key's value; answers it.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public int RememberValue(int key, int id)
    {
        if (key >= MaxKeys) return id;
        if (key >= _value.Length) Array.Resize(ref _value, Math.Max(key + 1, _value.Length * 2));
        _value[key] = id + 1;
        return id;
    }
}
