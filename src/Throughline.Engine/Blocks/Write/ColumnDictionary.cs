using System.IO.Hashing;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Write;

/// <summary>
/// The dictionary of one column while its block is written: gives values their ids and appends full pages to the file, so that the values of a whole block are never in memory. What
/// it remembers of them is 96 bits of their hashes, and not more than <paramref name="mostRemembered"/>: then it forgets all and may give a value a second id, which the
/// format allows. One owner; not thread safe.
/// </summary>
/// <param name="mostRemembered">Hashes remembered at most; each takes up to 40 bytes with its slots.</param>
internal sealed class ColumnDictionary(int mostRemembered)
{
    /// <summary>Raw bytes of a page: larger ones compress better by a few percent, and cost more to read for one value.</summary>
    private const int PageBytes = 128 << 10;

    // A slot is 0 when free, else the upper half of the hash's low half and the place of the whole in _hashes, plus 1: most values are new, and for them this small table is all that is looked at.
    private ulong[] _slots = new ulong[32];
    private Column<(ulong Low, uint High, int Id)> _hashes = new(0);
    private Column<byte> _bytes = new(0);
    private Column<int> _ends = new(0);
    private int _written;

    /// <summary>Entries so far.</summary>
    public int Count => _written + _ends.Count;

    /// <summary>The id of a value, which is added when it is not remembered.</summary>
    public int IdOf(ReadOnlySpan<byte> value, int column, PageWriter pages, ref Column<byte> body) => IdOf(value, XxHash128.HashToUInt128(value), column, pages, ref body);

    /// <summary>The hash of a value whose id will be asked for soon: by then the place where it is looked up has come from memory.</summary>
    public UInt128 Prepare(ReadOnlySpan<byte> value)
    {
        var hash = XxHash128.HashToUInt128(value);
        Prefetch.Of(ref _slots[(int)(ulong)hash & (_slots.Length - 1)]);
        return hash;
    }

    /// <summary>The id of a value whose hash is known.</summary>
    public int IdOf(ReadOnlySpan<byte> value, UInt128 hash, int column, PageWriter pages, ref Column<byte> body)
    {
        var (high, low) = ((uint)(hash >> 64), (ulong)hash);
        var slots = _slots;
        var mask = slots.Length - 1;
        var i = (int)low & mask;
        for (; slots[i] != 0; i = (i + 1) & mask)
        {
            if (((slots[i] ^ low) & 0xFFFFFFFF_00000000) != 0) continue;
            ref readonly var known = ref _hashes.Items[(int)(uint)slots[i] - 1];
            if (known.Low == low && known.High == high) return known.Id;
        }
        var id = Count;
        _hashes.Add((low, high, id));
        slots[i] = (low & 0xFFFFFFFF_00000000) | (uint)_hashes.Count;
        if (_hashes.Count * 2 > slots.Length) Grow();
        if (_ends.Count > 0 && _bytes.Count + value.Length > PageBytes) WritePage(column, pages, ref body);
        _bytes.AddRange(value);
        _ends.Add(_bytes.Count);
        return id;
    }

    /// <summary>Writes what is left, and makes ready for another block.</summary>
    public void Finish(int column, PageWriter pages, ref Column<byte> body)
    {
        WritePage(column, pages, ref body);
        Clear();
    }

    /// <summary>Makes ready for another block; what was not written is forgotten.</summary>
    public void Clear()
    {
        _written = 0;
        _bytes.Truncate(0);
        _ends.Truncate(0);
        Forget();
    }

    private void WritePage(int column, PageWriter pages, ref Column<byte> body)
    {
        if (_ends.Count == 0) return;
        DictionaryPage.Encode(_bytes.Span, _ends.Span, ref body);
        pages.Dictionary(column, _written, _ends.Count, body.Span);
        _written += _ends.Count;
        _ends.Truncate(0);
        // A value of megabytes must not stay as a buffer of megabytes.
        if (_bytes.Items.Length > 2 * PageBytes) _bytes = new Column<byte>(0);
        _bytes.Truncate(0);
    }

    private void Grow()
    {
        if (_hashes.Count >= mostRemembered)
        {
            Forget();
            return;
        }
        _slots = new ulong[_slots.Length * 2];
        var mask = _slots.Length - 1;
        for (var n = 0; n < _hashes.Count; n++)
        {
            var low = _hashes[n].Low;
            var i = (int)low & mask;
            while (_slots[i] != 0) i = (i + 1) & mask;
            _slots[i] = (low & 0xFFFFFFFF_00000000) | (uint)(n + 1);
        }
    }

    private void Forget()
    {
        if (_hashes.Count == 0) return;
        _hashes.Truncate(0);
        Array.Clear(_slots);
    }
}
