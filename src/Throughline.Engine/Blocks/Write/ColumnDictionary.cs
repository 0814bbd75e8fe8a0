using System.IO.Hashing;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Write;

/// <summary>
/// The dictionary of one column while its block is written: gives values their ids and appends full pages to the file, so that the values of a whole block are never in memory. What
/// it remembers of them is their 128-bit hashes, and not more than <see cref="MostRemembered"/>: then it forgets all and may give a value a second id, which the
/// format allows. One owner; not thread safe.
/// </summary>
internal sealed class ColumnDictionary
{
    /// <summary>Raw bytes of a page: larger ones compress better by a few percent, and cost more to read for one value.</summary>
    private const int PageBytes = 128 << 10;

    /// <summary>Hashes remembered at most, 3 MB of them.</summary>
    private const int MostRemembered = 1 << 16;

    private ulong[] _high = new ulong[32];
    private ulong[] _low = new ulong[32];
    private int[] _ids = new int[32];
    private int _remembered;
    private Column<byte> _bytes = new(0);
    private Column<int> _ends = new(0);
    private int _written;

    /// <summary>Entries so far.</summary>
    public int Count => _written + _ends.Count;

    /// <summary>The id of a value, which is added when it is not remembered.</summary>
    public int IdOf(ReadOnlySpan<byte> value, int column, PageWriter pages, ref Column<byte> body)
    {
        var hash = XxHash128.HashToUInt128(value);
        var (high, low) = ((ulong)(hash >> 64), (ulong)hash);
        var mask = _ids.Length - 1;
        var slot = (int)low & mask;
        for (; _ids[slot] != 0; slot = (slot + 1) & mask)
        {
            if (_low[slot] == low && _high[slot] == high) return _ids[slot] - 1;
        }
        var id = Count;
        (_high[slot], _low[slot], _ids[slot]) = (high, low, id + 1);
        if (++_remembered * 2 > _ids.Length) Grow();
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
        if (_remembered >= MostRemembered)
        {
            Forget();
            return;
        }
        var (high, low, ids) = (_high, _low, _ids);
        (_high, _low, _ids) = (new ulong[ids.Length * 2], new ulong[ids.Length * 2], new int[ids.Length * 2]);
        var mask = _ids.Length - 1;
        for (var i = 0; i < ids.Length; i++)
        {
            if (ids[i] == 0) continue;
            var slot = (int)low[i] & mask;
            while (_ids[slot] != 0) slot = (slot + 1) & mask;
            (_high[slot], _low[slot], _ids[slot]) = (high[i], low[i], ids[i]);
        }
    }

    private void Forget()
    {
        if (_remembered == 0) return;
        _remembered = 0;
        Array.Clear(_ids);
    }
}
