using System.Runtime.InteropServices;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Write;

/// <summary>Finds the error type of a trace whose rows come from several blocks, as <see cref="TraceAnalysis"/> does of those of one batch. Keeps its buffers; one owner.</summary>
internal sealed class JoinedErrorType
{
    private readonly ByteDictionary _types = new();
    private readonly List<int> _counts = [];
    private Column<byte> _message = new(0);

    /// <summary>The commonest error.type or exception.type of the failed rows, else the first one's status message; false when there is none. Valid until the next call.</summary>
    public bool TryGet(HeldRows held, ReadOnlySpan<int> rows, IReadOnlyList<BlockNumbers> inputs, int errors, out ReadOnlySpan<byte> type)
    {
        type = [];
        if (errors == 0) return false;
        _types.Clear();
        _counts.Clear();
        _message.Truncate(0);
        var isFirst = true;
        foreach (var row in rows)
        {
            if ((held[BlockColumn.Marks][row] & (long)SpanMarks.Error) == 0) continue;
            var numbers = inputs[held.Input[row]];
            if (isFirst && held[BlockColumn.StatusMessage][row] is > 0 and var number) _message.AddRange(numbers.Text(BlockColumn.StatusMessage, number - 1));
            isFirst = false;
            if (TryGet(held, row, numbers, out var found)) Count(found);
        }
        if (_counts.Count == 0)
        {
            type = _message.Span;
            return !type.IsEmpty;
        }
        var best = 0;
        for (var i = 1; i < _counts.Count; i++)
        {
            if (_counts[i] > _counts[best] || (_counts[i] == _counts[best] && _types[i].SequenceCompareTo(_types[best]) < 0)) best = i;
        }
        type = _types[best];
        return true;
    }

    private void Count(ReadOnlySpan<byte> type)
    {
        var id = _types.GetOrAdd(type, out var isNew);
        if (isNew) _counts.Add(0);
        CollectionsMarshal.AsSpan(_counts)[id]++;
    }

    private static bool TryGet(HeldRows held, int row, BlockNumbers numbers, out ReadOnlySpan<byte> type)
    {
        if (TryGet(held, AttributeOwner.Span, row, (int)held[BlockColumn.Shape][row], numbers, "error.type"u8, out type)) return true;
        var first = held.FirstEvent[row];
        for (var e = first; e < first + (int)held[BlockColumn.EventCount][row]; e++)
        {
            if (TryGet(held, AttributeOwner.Event, e, (int)held[BlockColumn.EventShape][e], numbers, "exception.type"u8, out type)) return true;
        }
        return false;
    }

    private static bool TryGet(HeldRows held, AttributeOwner owner, int index, int shape, BlockNumbers numbers, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> text)
    {
        var members = numbers.Members(shape);
        for (var i = 0; i < members.Length; i++)
        {
            if (numbers.ColumnFacts(members[i]).Type != AttributeType.String || !numbers.Key(members[i]).SequenceEqual(key)) continue;
            text = numbers.Text(members[i], held.ValuesOf(owner, index, members.Length)[i]);
            return true;
        }
        text = [];
        return false;
    }
}
