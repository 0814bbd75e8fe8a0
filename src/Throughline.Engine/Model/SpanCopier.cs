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
    private readonly SpanBatch _target;
    private SpanBatch _source;
    private readonly IdMap _strings = new();
    private readonly IdMap _blobs = new();
    private readonly IdMap _resources = new();
    private readonly IdMap _scopes = new();

    /// <summary>Copies into <paramref name="target"/>, which nobody else may append to.</summary>
    public SpanCopier(SpanBatch target) => _source = _target = target;

    /// <summary>Says which batch the next rows come from, and how many they will be. What was mapped for the one before is forgotten.</summary>
    public void From(SpanBatch source, int rows)
    {
        _source = source;
        // A few rows of a block know few of its hundreds of thousands of texts.
        var isSparse = rows < source.Strings.Count / 64;
        _strings.Reset(source.Strings.Count, isSparse);
        _blobs.Reset(source.Blobs.Count, isSparse);
        _resources.Reset(source.Resources.Count, isSparse);
        _scopes.Reset(source.Scopes.Count, isSparse);
    }

    /// <summary>Appends row <paramref name="row"/> of the source; answers its row in the _target.</summary>
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
        Attributes(source.Attributes, source.AttributeOffset[row], source.AttributeOffset[row + 1], _target.Attributes);
        for (var i = source.EventOffset[row]; i < source.EventOffset[row + 1]; i++)
        {
            var events = source.Events;
            Attributes(events.Attributes, events.AttributeOffset[i], events.AttributeOffset[i + 1], _target.Events.Attributes);
            _target.Events.Add(events.TimeUnixNano[i], String(events.Name[i]), events.DroppedAttributes[i]);
        }
        for (var i = source.LinkOffset[row]; i < source.LinkOffset[row + 1]; i++)
        {
            var links = source.Links;
            Attributes(links.Attributes, links.AttributeOffset[i], links.AttributeOffset[i + 1], _target.Links.Attributes);
            _target.Links.Add(links.TraceId[i], links.SpanId[i], String(links.TraceState[i]), links.Flags[i], links.DroppedAttributes[i]);
        }
        _target.EndRow();
        return copy;
    }

    private void Attributes(AttributeColumns from, int first, int end, AttributeColumns to)
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

    private int String(int id)
    {
        var known = _strings[id];
        return known >= 0 ? known : _strings[id] = _target.Strings.GetOrAdd(_source.Strings[id]);
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
        Attributes(from.Attributes, from.AttributeOffset[row], from.AttributeOffset[row + 1], to.Attributes);
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
        Attributes(from.Attributes, from.AttributeOffset[row], from.AttributeOffset[row + 1], to.Attributes);
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

    private void AddToKey(AttributeColumns attributes, int first)
    {
        for (var i = first; i < attributes.Count; i++)
        {
            _key.Add(attributes.Key[i]);
            _key.Add(attributes.Type[i]);
            _key.Add(attributes.Value[i]);
        }
    }

    /// <summary>Numbers of the source to numbers of the target, -1 when not known yet.</summary>
    private sealed class IdMap
    {
        private readonly Dictionary<int, int> _few = [];
        private int[] _all = [];
        private bool _isSparse;

        public void Reset(int count, bool isSparse)
        {
            _isSparse = isSparse;
            _few.Clear();
            if (isSparse) return;
            if (_all.Length < count) _all = new int[Math.Max(count, _all.Length * 2)];
            _all.AsSpan(0, count).Fill(-1);
        }

        public int this[int id]
        {
            get => _isSparse ? _few.GetValueOrDefault(id, -1) : _all[id];
            set
            {
                if (_isSparse) _few[id] = value;
                else _all[id] = value;
            }
        }
    }
}
