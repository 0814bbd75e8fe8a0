using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Model;

/// <summary>
/// Copies rows from other batches into one target batch, giving strings, blobs, resources and scopes their numbers in the target; equal resources
/// and scopes become one. Owned by the target's owner; not thread safe.
/// </summary>
internal sealed class SpanCopier
{
    private readonly ByteDictionary _resourceKeys = new();
    private readonly ByteDictionary _scopeKeys = new();
    private readonly List<long> _key = [];
    private int[] _members = new int[64];
    private ulong[] _hashes = [];
    private readonly (int First, int Count, int Shape)[] _recentShapes = new (int, int, int)[64];
    private bool _isSparse;
    private readonly SpanBatch _target;
    private SpanBatch _source;
    private readonly IdMap _strings = new();
    private readonly IdMap _blobs = new();
    private readonly IdMap _resources = new();
    private readonly IdMap _scopes = new();

    /// <summary>Copies into <paramref name="target"/>, which nobody else may append to.</summary>
    public SpanCopier(SpanBatch target) => _source = _target = target;

    /// <summary>Forgets everything, as its target has.</summary>
    public void Clear()
    {
        _resourceKeys.Clear();
        _scopeKeys.Clear();
        _source = _target;
    }

    /// <summary>Says which batch the next rows come from, and how many they will be. What was mapped for the one before is forgotten.</summary>
    public void From(SpanBatch source, int rows)
    {
        _source = source;
        Array.Fill(_recentShapes, (0, -1, -1));
        // A few rows of a block know few of its hundreds of thousands of texts.
        var isSparse = rows < source.Strings.Count / 64;
        _strings.Reset(source.Strings.Count, isSparse);
        _blobs.Reset(source.Blobs.Count, isSparse);
        _resources.Reset(source.Resources.Count, isSparse);
        _scopes.Reset(source.Scopes.Count, isSparse);
        _isSparse = isSparse;
        if (isSparse) return;
        if (_hashes.Length < source.Strings.Count) _hashes = new ulong[Math.Max(source.Strings.Count, 2 * _hashes.Length)];
        _target.Strings.FindAll(source.Strings, _strings.All(source.Strings.Count), _hashes.AsSpan(0, source.Strings.Count));
    }

    /// <summary>Appends row <paramref name="row"/> of the source; answers its row in the target.</summary>
    public int Copy(int row)
    {
        var source = _source;
        var copy = _target.RowCount;
        _target.TraceId.Add(source.TraceId[row]);
        _target.SpanId.Add(source.SpanId[row]);
        _target.ParentSpanId.Add(source.ParentSpanId[row]);
        _target.StartUnixNano.Add(source.StartUnixNano[row]);
        _target.EndUnixNano.Add(source.EndUnixNano[row]);
        _target.Name.Add(String(source.Name[row]));
        _target.Kind.Add(source.Kind[row]);
        _target.Status.Add(source.Status[row]);
        _target.StatusMessage.Add(String(source.StatusMessage[row]));
        _target.TraceState.Add(String(source.TraceState[row]));
        _target.Flags.Add(source.Flags[row]);
        _target.Resource.Add(Resource(source.Resource[row]));
        _target.Scope.Add(Scope(source.Scope[row]));
        _target.DroppedAttributes.Add(source.DroppedAttributes[row]);
        _target.DroppedEvents.Add(source.DroppedEvents[row]);
        _target.DroppedLinks.Add(source.DroppedLinks[row]);
        _target.Marks.Add(source.Marks[row]);
        AddParts(row);
        return copy;
    }

    /// <summary>Appends all rows of the source, column by column where nothing has to be numbered anew; answers the first one's row in the target.</summary>
    public int CopyAll()
    {
        var source = _source;
        var first = _target.RowCount;
        var rows = source.RowCount;
        _target.TraceId.AddRange(source.TraceId.Span);
        _target.SpanId.AddRange(source.SpanId.Span);
        _target.ParentSpanId.AddRange(source.ParentSpanId.Span);
        _target.EndUnixNano.AddRange(source.EndUnixNano.Span);
        Strings(source.Name.Span, ref _target.Name);
        _target.Kind.AddRange(source.Kind.Span);
        _target.Status.AddRange(source.Status.Span);
        Strings(source.StatusMessage.Span, ref _target.StatusMessage);
        Strings(source.TraceState.Span, ref _target.TraceState);
        _target.Flags.AddRange(source.Flags.Span);
        foreach (var resource in source.Resource.Span) _target.Resource.Add(Resource(resource));
        foreach (var scope in source.Scope.Span) _target.Scope.Add(Scope(scope));
        _target.DroppedAttributes.AddRange(source.DroppedAttributes.Span);
        _target.DroppedEvents.AddRange(source.DroppedEvents.Span);
        _target.DroppedLinks.AddRange(source.DroppedLinks.Span);
        _target.Marks.AddRange(source.Marks.Span);
        // Last, since its count is the batch's number of rows, which closing a row goes by.
        for (var row = 0; row < rows; row++)
        {
            _target.StartUnixNano.Add(source.StartUnixNano[row]);
            AddParts(row);
        }
        return first;
    }

    private void Strings(ReadOnlySpan<int> ids, ref Column<int> to)
    {
        to.Reserve(ids.Length);
        foreach (var id in ids) to.Add(String(id));
    }

    /// <summary>Appends the row's attributes, events and links, and closes it.</summary>
    private void AddParts(int row)
    {
        var source = _source;
        _target.Shape.Add(SpanAttributes(source, row));
        for (var i = source.EventOffset[row]; i < source.EventOffset[row + 1]; i++)
        {
            var events = source.Events;
            _target.Events.Shape.Add(Attributes(events.Attributes, events.AttributeOffset[i], events.AttributeOffset[i + 1], _target.Events.Attributes));
            _target.Events.Add(events.TimeUnixNano[i], String(events.Name[i]), events.DroppedAttributes[i]);
        }
        for (var i = source.LinkOffset[row]; i < source.LinkOffset[row + 1]; i++)
        {
            var links = source.Links;
            _target.Links.Shape.Add(Attributes(links.Attributes, links.AttributeOffset[i], links.AttributeOffset[i + 1], _target.Links.Attributes));
            _target.Links.Add(links.TraceId[i], links.SpanId[i], String(links.TraceState[i]), links.Flags[i], links.DroppedAttributes[i]);
        }
        _target.EndRow();
    }

    /// <summary>Appends a span's attributes and answers their shape. Spans of one name mostly have the same keys, which are then neither mapped nor looked up.</summary>
    private int SpanAttributes(SpanBatch source, int row)
    {
        var from = source.Attributes;
        var (first, end) = (source.AttributeOffset[row], source.AttributeOffset[row + 1]);
        var count = end - first;
        ref var known = ref _recentShapes[source.Name[row] & (_recentShapes.Length - 1)];
        var fromTypes = from.Type.Items.AsSpan(first, count);
        if (known.Count != count || !from.Key.Items.AsSpan(first, count).SequenceEqual(from.Key.Items.AsSpan(known.First, count)) || !fromTypes.SequenceEqual(from.Type.Items.AsSpan(known.First, count)))
        {
            known = (first, count, Attributes(from, first, end, _target.Attributes));
            return known.Shape;
        }
        var members = _target.Shapes[known.Shape];
        _target.Attributes.Append(count, out var keys, out var types, out var values);
        fromTypes.CopyTo(types);
        for (var i = 0; i < members.Length; i++) keys[i] = ShapeTable.KeyOf(members[i]);
        var fromValues = from.Value.Items.AsSpan(first, count);
        for (var i = 0; i < values.Length; i++)
        {
            var type = (AttributeType)types[i];
            var value = fromValues[i];
            if (type == AttributeType.String) value = String((int)value);
            else if (type >= AttributeType.Array) value = Blob((int)value);
            values[i] = value;
        }
        return known.Shape;
    }

    /// <summary>Appends the attributes [first, end) and answers their shape.</summary>
    private int Attributes(AttributeColumns from, int first, int end, AttributeColumns to)
    {
        var count = end - first;
        if (_members.Length < count) _members = new int[Math.Max(count, 2 * _members.Length)];
        var members = _members.AsSpan(0, count);
        var fromKeys = from.Key.Items.AsSpan(first, count);
        var fromTypes = from.Type.Items.AsSpan(first, count);
        var fromValues = from.Value.Items.AsSpan(first, count);
        to.Append(count, out var keys, out var types, out var values);
        for (var i = 0; i < members.Length; i++)
        {
            var type = (AttributeType)fromTypes[i];
            var value = fromValues[i];
            if (type == AttributeType.String) value = String((int)value);
            else if (type >= AttributeType.Array) value = Blob((int)value);
            var key = String(fromKeys[i]);
            keys[i] = key;
            types[i] = (byte)type;
            values[i] = value;
            members[i] = ShapeTable.MemberOf(key, type);
        }
        return _target.Shapes.GetOrAdd(members);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int String(int id)
    {
        var known = _strings[id];
        return known >= 0 ? known : NewString(id);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int NewString(int id)
    {
        var text = _source.Strings[id];
        return _strings[id] = _isSparse ? _target.Strings.GetOrAdd(text) : _target.Strings.GetOrAdd(text, _hashes[id]);
    }

    private int Blob(int id)
    {
        var known = _blobs[id];
        return known >= 0 ? known : _blobs[id] = _target.Blobs.GetOrAdd(_source.Blobs[id]);
    }

    private int Resource(int row)
    {
        var known = _resources[row];
        if (known >= 0) return known;
        var from = _source.Resources;
        var to = _target.Resources;
        var first = to.Attributes.Count;
        TableAttributes(from.Attributes, from.AttributeOffset[row], from.AttributeOffset[row + 1], to.Attributes);
        var service = String(from.Service[row]);
        var schemaUrl = String(from.SchemaUrl[row]);
        _key.Clear();
        _key.Add(service);
        _key.Add(schemaUrl);
        _key.Add(from.DroppedAttributes[row]);
        AddToKey(to.Attributes, first);
        var number = _resourceKeys.GetOrAdd(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_key)), out var added);
        if (added) to.Add(service, schemaUrl, from.DroppedAttributes[row]);
        else to.Attributes.Truncate(first);
        return _resources[row] = number;
    }

    private int Scope(int row)
    {
        var known = _scopes[row];
        if (known >= 0) return known;
        var from = _source.Scopes;
        var to = _target.Scopes;
        var first = to.Attributes.Count;
        TableAttributes(from.Attributes, from.AttributeOffset[row], from.AttributeOffset[row + 1], to.Attributes);
        var name = String(from.Name[row]);
        var version = String(from.Version[row]);
        var schemaUrl = String(from.SchemaUrl[row]);
        _key.Clear();
        _key.Add(name);
        _key.Add(version);
        _key.Add(schemaUrl);
        _key.Add(from.DroppedAttributes[row]);
        AddToKey(to.Attributes, first);
        var number = _scopeKeys.GetOrAdd(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_key)), out var added);
        if (added) to.Add(name, version, schemaUrl, from.DroppedAttributes[row]);
        else to.Attributes.Truncate(first);
        return _scopes[row] = number;
    }

    /// <summary>Appends the attributes [first, end) of a resource or a scope, which have no shapes.</summary>
    private void TableAttributes(AttributeColumns from, int first, int end, AttributeColumns to)
    {
        for (var i = first; i < end; i++)
        {
            var type = (AttributeType)from.Type[i];
            var value = from.Value[i];
            if (type == AttributeType.String) value = String((int)value);
            else if (type >= AttributeType.Array) value = Blob((int)value);
            to.Add(String(from.Key[i]), type, value);
        }
    }

    private void AddToKey(AttributeColumns attributes, int first)
    {
        for (var i = first; i < attributes.Count; i++)
        {
            _key.Add(attributes.Key[i]);
            _key.Add(attributes.Type[i]);
            _key.Add(attributes.Value[i]);
        }
    }
}
