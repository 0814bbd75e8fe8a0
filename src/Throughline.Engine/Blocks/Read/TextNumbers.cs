using System.Runtime.InteropServices;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Read;

/// <summary>Gives ids of a block's dictionaries their numbers in a batch; each is looked up once a call. Keeps its buffers; not thread safe.</summary>
internal sealed class TextNumbers(DictionaryTexts texts)
{
    private readonly Dictionary<long, int> _farApart = [];
    private int[] _known = [];

    /// <summary>Fills <paramref name="numbers"/> with those of the entries, whose ids begin at <paramref name="firstNumber"/>: what is below stands for the empty text.</summary>
    public void Of(int column, int firstNumber, ReadOnlySpan<long> ids, Span<long> numbers, ByteDictionary into)
    {
        if (ids.IsEmpty) return;
        var (min, max) = (long.MaxValue, long.MinValue);
        foreach (var id in ids)
        {
            min = Math.Min(min, id);
            max = Math.Max(max, id);
        }
        if (max - min > Math.Max(1024, 4L * ids.Length))
        {
            FarApart(column, firstNumber, ids, numbers, into);
            return;
        }
        var range = (int)(max - min + 1);
        if (_known.Length < range) _known = new int[Math.Max(range, 2 * _known.Length)];
        var known = _known.AsSpan(0, range);
        known.Fill(-1);
        for (var i = 0; i < ids.Length; i++)
        {
            ref var number = ref known[(int)(ids[i] - min)];
            if (number < 0) number = NumberOf(column, firstNumber, ids[i], into);
            numbers[i] = number;
        }
    }

    private void FarApart(int column, int firstNumber, ReadOnlySpan<long> ids, Span<long> numbers, ByteDictionary into)
    {
        _farApart.Clear();
        for (var i = 0; i < ids.Length; i++)
        {
            ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(_farApart, ids[i], out var known);
            if (!known) number = NumberOf(column, firstNumber, ids[i], into);
            numbers[i] = number;
        }
    }

    private int NumberOf(int column, int firstNumber, long id, ByteDictionary into) => into.GetOrAdd(id < firstNumber ? [] : texts.Entry(column, id - firstNumber));
}
