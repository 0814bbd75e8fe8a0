using System.Buffers;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Server.Process;

/// <summary>
/// Replaces the values of sensitive attributes (<see cref="SensitiveKeys"/>) by <c>[redacted]</c> before anything is stored: on spans, events, links,
/// resources and scopes, and inside maps and arrays at any depth. Not thread safe; reuse one per worker.
/// </summary>
/// <remarks>
/// The old values stay in the batch's dictionaries, where no row refers to them any more; what is stored is written from the rows.
/// </remarks>
public sealed class Redactor
{
    private readonly List<int> _sensitiveKeys = [];
    private readonly Dictionary<int, (int Blob, int Values)> _blobs = [];
    private readonly ArrayBufferWriter<byte> _encoded = new();

    /// <summary>What stands in place of a value.</summary>
    public static ReadOnlySpan<byte> Replacement => "[redacted]"u8;

    /// <summary>Redacts the batch's attributes and marks the rows they belong to; answers how many values were replaced.</summary>
    public int Redact(SpanBatch batch)
    {
        FindSensitiveKeys(batch.Strings);
        if (_sensitiveKeys.Count == 0 && batch.Blobs.Count == 0) return 0;

        _blobs.Clear();
        // Looking it up where there is nothing to hide would put a string into every batch.
        var replacement = -1;
        return Redact(batch, batch.Attributes, Owner.Span, ref replacement)
            + Redact(batch, batch.Events.Attributes, Owner.Event, ref replacement)
            + Redact(batch, batch.Links.Attributes, Owner.Link, ref replacement)
            + Redact(batch, batch.Resources.Attributes, Owner.Resource, ref replacement)
            + Redact(batch, batch.Scopes.Attributes, Owner.Scope, ref replacement);
    }

    private void FindSensitiveKeys(ByteDictionary strings)
    {
        _sensitiveKeys.Clear();
        for (var id = 0; id < strings.Count; id++)
        {
            if (SensitiveKeys.Contains(strings[id])) _sensitiveKeys.Add(id);
        }
    }

    private int Redact(SpanBatch batch, AttributeColumns attributes, Owner owner, ref int replacement)
    {
        var values = 0;
        var keys = attributes.Key.Span;
        var types = attributes.Type.Span;
        ReadOnlySpan<int> sensitive = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_sensitiveKeys);
        for (var i = Next(keys, sensitive, 0); i < keys.Length; i = Next(keys, sensitive, i + 1))
        {
            if (replacement < 0) replacement = batch.Strings.GetOrAdd(Replacement);
            if (types[i] == (byte)AttributeType.String && attributes.Value[i] == replacement) continue;
            attributes.Type.Items[i] = (byte)AttributeType.String;
            attributes.Value.Items[i] = replacement;
            Mark(batch, owner, i);
            values++;
        }
        for (var i = NextNested(types, 0); i < types.Length; i = NextNested(types, i + 1))
        {
            var (blob, replaced) = RedactBlob(batch.Blobs, (int)attributes.Value[i], (AttributeType)types[i]);
            if (replaced == 0) continue;
            attributes.Value.Items[i] = blob;
            Mark(batch, owner, i);
            values += replaced;
        }
        return values;
    }

    private (int Blob, int Values) RedactBlob(ByteDictionary blobs, int id, AttributeType type)
    {
        // The same bytes as a map and as an array are different messages, so the type is part of the memory's key.
        var key = type == AttributeType.KvList ? id : ~id;
        if (_blobs.TryGetValue(key, out var known)) return known;
        _encoded.ResetWrittenCount();
        var values = EncodedValueRedactor.Redact(blobs[id], type == AttributeType.KvList, _encoded);
        var result = (values == 0 ? id : blobs.GetOrAdd(_encoded.WrittenSpan), values);
        _blobs.Add(key, result);
        return result;
    }

    /// <summary>Begins with the dictionaries of a batch of another signal; false when there is nothing to redact in its attributes.</summary>
    internal bool Begin(ByteDictionary strings, ByteDictionary blobs)
    {
        FindSensitiveKeys(strings);
        _blobs.Clear();
        return _sensitiveKeys.Count > 0 || blobs.Count > 0;
    }

    /// <summary>Redacts columns of that batch; <paramref name="changed"/> is told each attribute of which something was replaced. Answers how many values were.</summary>
    internal int Redact(ByteDictionary strings, ByteDictionary blobs, AttributeColumns attributes, Action<int> changed)
    {
        var values = 0;
        var types = attributes.Type.Items;
        for (var i = 0; i < attributes.Count; i++)
        {
            if (_sensitiveKeys.Contains(attributes.Key[i]))
            {
                var replacement = strings.GetOrAdd(Replacement);
                if (types[i] == (byte)AttributeType.String && attributes.Value[i] == replacement) continue;
                types[i] = (byte)AttributeType.String;
                attributes.Value.Items[i] = replacement;
                values++;
            }
            else if ((AttributeType)types[i] is AttributeType.Array or AttributeType.KvList)
            {
                var (blob, replaced) = RedactBlob(blobs, (int)attributes.Value[i], (AttributeType)types[i]);
                if (replaced == 0) continue;
                attributes.Value.Items[i] = blob;
                values += replaced;
            }
            else
            {
                continue;
            }
            changed(i);
        }
        return values;
    }

    private static int Next(ReadOnlySpan<int> keys, ReadOnlySpan<int> sensitive, int from)
    {
        if (sensitive.Length == 0) return keys.Length;
        var found = keys[from..].IndexOfAny(sensitive);
        return found < 0 ? keys.Length : from + found;
    }

    private static int NextNested(ReadOnlySpan<byte> types, int from)
    {
        var found = types[from..].IndexOfAny((byte)AttributeType.Array, (byte)AttributeType.KvList);
        return found < 0 ? types.Length : from + found;
    }

    /// <summary>The owner whose part [offset, next offset) holds <paramref name="index"/>.</summary>
    internal static int OwnerOf(Column<int> offsets, int index)
    {
        // Owners without parts share an offset with their successor: the last one that begins at or before the index is meant.
        int low = 0, high = offsets.Count - 2;
        while (low < high)
        {
            var middle = (low + high + 1) >>> 1;
            if (offsets[middle] <= index) low = middle;
            else high = middle - 1;
        }
        return low;
    }

    /// <summary>Marks the rows that the attribute at <paramref name="index"/> of its owners' columns belongs to.</summary>
    private static void Mark(SpanBatch batch, Owner owner, int index)
    {
        switch (owner)
        {
            case Owner.Span:
                Mark(batch, OwnerOf(batch.AttributeOffset, index));
                break;
            case Owner.Event:
                Mark(batch, OwnerOf(batch.EventOffset, OwnerOf(batch.Events.AttributeOffset, index)));
                break;
            case Owner.Link:
                Mark(batch, OwnerOf(batch.LinkOffset, OwnerOf(batch.Links.AttributeOffset, index)));
                break;
            case Owner.Resource:
                MarkAll(batch, batch.Resource, OwnerOf(batch.Resources.AttributeOffset, index));
                break;
            case Owner.Scope:
                MarkAll(batch, batch.Scope, OwnerOf(batch.Scopes.AttributeOffset, index));
                break;
        }
    }

    private static void Mark(SpanBatch batch, int row) => batch.Marks.Items[row] |= (byte)SpanMarks.Redacted;

    private static void MarkAll(SpanBatch batch, Column<int> reference, int target)
    {
        var rows = reference.Span;
        for (var row = 0; row < rows.Length; row++)
        {
            if (rows[row] == target) Mark(batch, row);
        }
    }

    /// <summary>What an attribute is an attribute of.</summary>
    private enum Owner
    {
        Span,
        Event,
        Link,
        Resource,
        Scope,
    }
}
