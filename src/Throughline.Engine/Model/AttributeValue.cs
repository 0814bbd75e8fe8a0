using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Model;

/// <summary>
/// One attribute value as a small tree, for the cold paths that show or export single values (hot paths read the columns). Immutable.
/// </summary>
/// <param name="Type">Which of the others is meaningful.</param>
/// <param name="Text">String: the text.</param>
/// <param name="Number">Bool: 0 or 1; Int: the number; Double: its bits.</param>
/// <param name="Bytes">Bytes: the bytes.</param>
/// <param name="Items">Array: the elements. KvList: the values, with their keys in <paramref name="Keys"/>.</param>
/// <param name="Keys">KvList: the keys, as many as <paramref name="Items"/>.</param>
public sealed record AttributeValue(AttributeType Type, string Text, long Number, ReadOnlyMemory<byte> Bytes, IReadOnlyList<AttributeValue> Items, IReadOnlyList<string> Keys)
{
    /// <summary>Reads the attribute at <paramref name="index"/> of one of the batch's attribute columns.</summary>
    public static AttributeValue Read(SpanBatch batch, AttributeColumns attributes, int index) => throw new NotImplementedException();
}
