using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Logs.Columns;

/// <summary>Rows of a head that is being filled, as they are at a snapshot.</summary>
internal sealed class ChunkPart(LogChunk chunk) : LogPart
{
    private readonly MemoryDictionary _texts = new(chunk.Tables.Strings);
    private readonly MemoryDictionary _blobs = new(chunk.Tables.Blobs);

    public override int Rows => chunk.RowCount;

    public override ulong FirstAt => chunk.FirstAt;

    public override ulong LastAt => chunk.LastAt;

    public override ulong FirstSequence => chunk.Sequence[0];

    public override ulong LastSequence => chunk.Sequence[chunk.RowCount - 1];

    public override long[]? LevelCounts => null;

    public override IReadOnlyList<LogService>? Services => null;

    public override bool IsSorted => false;

    public override LogTables Tables => chunk.Tables;

    public override NumberVector At => NumberVector.Of(chunk.At.Items, chunk.RowCount);

    public override NumberVector Sequence => NumberVector.Of(chunk.Sequence.Items, chunk.RowCount);

    public override ulong Observed(int row) => chunk.Observed[row];

    public override ReadOnlySpan<LogClass> ClassTable => chunk.Tables.Classes.Span;

    public override NumberVector Classes => NumberVector.Of(chunk.Class.Items, chunk.RowCount);

    public override NumberVector Spans => NumberVector.Of(chunk.Span.Items, chunk.RowCount);

    public override ReadOnlySpan<LogSpan> SpanTable => chunk.Spans.Span;

    public override bool MayHave(TraceId traceId) => true;

    public override IReadOnlyList<ValueColumn> Attribute(int key)
    {
        List<ValueColumn> columns = [];
        for (var type = AttributeType.Empty; type <= AttributeType.Bytes; type++)
        {
            if (Column(type, key) is { } column) columns.Add(column);
        }
        return columns;
    }

    public override IEnumerable<ValueColumn> Texts()
    {
        if (Column(AttributeType.String, -1) is { } column) yield return column;
    }

    private HeldValues? Column(AttributeType type, int key)
    {
        // By shape: whether any of its members is asked for.
        var shapes = chunk.Tables.Shapes;
        var wanted = new bool[shapes.Count];
        var any = false;
        for (var shape = 0; shape < wanted.Length; shape++)
        {
            foreach (var member in shapes[shape]) wanted[shape] |= IsWanted(member, type, key);
            any |= wanted[shape];
        }
        return any ? Values(type, key, wanted) : null;
    }

    private static bool IsWanted(int member, AttributeType type, int key) => ShapeTable.TypeOf(member) == type && (key < 0 || ShapeTable.KeyOf(member) == key);

    private HeldValues? Values(AttributeType type, int key, bool[] wanted)
    {
        List<ulong> values = [];
        List<int> owners = [];
        var classes = chunk.Tables.Classes.Span;
        for (var row = 0; row < chunk.RowCount; row++)
        {
            var shape = classes[chunk.Class[row]].Shape;
            if (!wanted[shape]) continue;
            var members = chunk.Tables.Shapes[shape];
            for (var i = 0; i < members.Length; i++)
            {
                if (!IsWanted(members[i], type, key)) continue;
                values.Add((ulong)chunk.Values[chunk.ValueOffset[row] + i]);
                owners.Add(row);
            }
        }
        if (values.Count == 0) return null;
        var dictionary = type == AttributeType.String ? _texts : LogTables.IsBytes(type) ? _blobs : null;
        return new HeldValues(type, dictionary, Signed([.. values]), [.. owners]);
    }

    /// <summary>Numbers whose order is that of the values as signed numbers, as range scans want them.</summary>
    private static NumberVector Signed(ulong[] values)
    {
        var (smallest, largest) = (long.MaxValue, long.MinValue);
        foreach (var value in values) (smallest, largest) = (Math.Min(smallest, (long)value), Math.Max(largest, (long)value));
        return NumberVector.Narrowed(values, (ulong)smallest, (ulong)largest - (ulong)smallest);
    }

    public override void MarkBodies(LogNeedle needle, ReadOnlySpan<ulong> candidates, Span<ulong> found, IReadBounds bounds)
    {
        for (var word = 0; word < candidates.Length; word++)
        {
            if ((word & 15) == 0) bounds.Check();
            for (var left = candidates[word]; left != 0; left &= left - 1)
            {
                var row = (word << 6) + System.Numerics.BitOperations.TrailingZeroCount(left);
                if (needle.Test.Holds(chunk.Tables.Strings[chunk.Body[row]])) RowBits.Set(found, row);
            }
        }
    }

    public override ReadOnlySpan<byte> Body(int row, ref byte[] buffer) => chunk.Tables.Strings[chunk.Body[row]];

    public override long Number(int row, int member) => chunk.Values[chunk.ValueOffset[row] + member];

    public override ReadOnlySpan<byte> Bytes(int row, int member, ref byte[] buffer)
    {
        var members = chunk.Tables.Shapes[chunk.Tables.Classes[chunk.Class[row]].Shape];
        var id = (int)chunk.Values[chunk.ValueOffset[row] + member];
        return ShapeTable.TypeOf(members[member]) == AttributeType.String ? chunk.Tables.Strings[id] : chunk.Tables.Blobs[id];
    }
}
