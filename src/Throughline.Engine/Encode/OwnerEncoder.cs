using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Encode;

/// <summary>Writes what all of OTLP's signals have alike from a batch's columns: resources, scopes, attributes, ids, texts. For one batch's dictionaries; costs nothing to make.</summary>
internal readonly struct OwnerEncoder(ByteDictionary strings, ByteDictionary blobs, WireWriter output)
{
    /// <summary>The resource message (field 1 of the message around it).</summary>
    public void Resource(ResourceTable resources, int row)
    {
        var mark = output.Begin(0x0A);
        Attributes(resources.Attributes, resources.AttributeOffset[row], resources.AttributeOffset[row + 1], 0x0A);
        Number(0x10, resources.DroppedAttributes[row]);
        output.End(mark);
    }

    /// <summary>The scope message (field 1 of the message around it).</summary>
    public void Scope(ScopeTable scopes, int row)
    {
        var mark = output.Begin(0x0A);
        Text(0x0A, scopes.Name[row]);
        Text(0x12, scopes.Version[row]);
        Attributes(scopes.Attributes, scopes.AttributeOffset[row], scopes.AttributeOffset[row + 1], 0x1A);
        Number(0x20, scopes.DroppedAttributes[row]);
        output.End(mark);
    }

    /// <summary>The attributes [from, to), each under the tag.</summary>
    public void Attributes(AttributeColumns attributes, int from, int to, uint tag)
    {
        for (var i = from; i < to; i++)
        {
            var mark = output.Begin(tag);
            Text(0x0A, attributes.Key[i]);
            Value(0x12, (AttributeType)attributes.Type[i], attributes.Value[i]);
            output.End(mark);
        }
    }

    /// <summary>An AnyValue. The cases of a oneof are written even where they hold a default, for what is written is which case it is.</summary>
    public void Value(uint tag, AttributeType type, long value)
    {
        var mark = output.Begin(tag);
        switch (type)
        {
            case AttributeType.Empty: break;
            case AttributeType.String: output.Bytes(0x0A, strings[(int)value]); break;
            case AttributeType.Bool: output.Varint(0x10, (ulong)value); break;
            case AttributeType.Int: output.Varint(0x18, (ulong)value); break;
            case AttributeType.Double: output.Fixed64(0x21, (ulong)value); break;
            case AttributeType.Array: output.Bytes(0x2A, blobs[(int)value]); break;
            case AttributeType.KvList: output.Bytes(0x32, blobs[(int)value]); break;
            case AttributeType.Bytes: output.Bytes(0x3A, blobs[(int)value]); break;
            default: throw new InvalidOperationException($"An attribute has the type {(byte)type}.");
        }
        output.End(mark);
    }

    /// <summary>A trace's id.</summary>
    public void Trace(uint tag, TraceId id)
    {
        output.Varint(tag);
        output.Varint(TraceId.SizeBytes);
        id.CopyTo(output.Allocate(TraceId.SizeBytes));
    }

    /// <summary>A span's id, unless it is 0.</summary>
    public void Id(uint tag, ulong id)
    {
        if (id == 0) return;
        output.Varint(tag);
        output.Varint(SpanId.SizeBytes);
        new SpanId(id).CopyTo(output.Allocate(SpanId.SizeBytes));
    }

    /// <summary>A varint, unless it is 0.</summary>
    public void Number(uint tag, ulong value)
    {
        if (value != 0) output.Varint(tag, value);
    }

    /// <summary>A text by its number in the strings, unless it is empty.</summary>
    public void Text(uint tag, int id)
    {
        var text = strings[id];
        if (!text.IsEmpty) output.Bytes(tag, text);
    }
}
