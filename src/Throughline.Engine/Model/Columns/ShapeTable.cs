using System.Runtime.InteropServices;

namespace Throughline.Engine.Model.Columns;

/// <summary>
/// The distinct shapes of a batch's attributes. A shape is what an owner's attributes (a span's, an event's, a link's) are but for their values: the list of their keys and types, in
/// their order. So value i of an owner is that of member i of its shape, and a condition on a key need look only at shapes that have it. Shape
/// numbers are shared by spans, events and links. One owner adds; a <see cref="Snapshot"/> may be read by others meanwhile.
/// </summary>
public sealed class ShapeTable
{
    private const int TypeBits = 3;
    private const int TypeMask = (1 << TypeBits) - 1;

    // Members as bytes: the dictionary hashes with a seed, so that senders cannot aim collisions, and its size is bounded by that of the attributes it was made of.
    private ByteDictionary _members = new();

    /// <summary>Number of shapes.</summary>
    public int Count => _members.Count;

    /// <summary>The members of a shape; valid as long as the table isn't cleared.</summary>
    public ReadOnlySpan<int> this[int shape] => MemoryMarshal.Cast<byte, int>(_members[shape]);

    /// <summary>The number of the shape with these members, added when it is new.</summary>
    public int GetOrAdd(ReadOnlySpan<int> members) => _members.GetOrAdd(MemoryMarshal.AsBytes(members));

    /// <summary>A key (a number of the batch's strings) with the type of its value.</summary>
    public static int MemberOf(int key, AttributeType type) => (key << TypeBits) | (int)type;

    /// <summary>The key of a member: a number of the batch's strings.</summary>
    public static int KeyOf(int member) => (int)((uint)member >> TypeBits);

    /// <summary>The type of a member's values.</summary>
    public static AttributeType TypeOf(int member) => (AttributeType)(member & TypeMask);

    internal ShapeTable Snapshot() => new() { _members = _members.Snapshot() };

    internal void Clear(int keepBytes) => _members.Clear(keepBytes);

    internal long UsedBytes => _members.UsedBytes;

    internal long MemoryBytes => _members.MemoryBytes;
}
