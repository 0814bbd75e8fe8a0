using System.Runtime.InteropServices;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Logs.Columns;

/// <summary>Appends rows of batches to chunks. What rows of a batch share is looked up once a batch. One owner; not thread safe.</summary>
internal sealed class ChunkAppender
{
    private readonly TableCopier _tables = new();
    private LogChunk? _chunk;
    private LogBatch? _batch;
    private int[] _members = [];

    /// <summary>Begins to append rows of a batch to a chunk; both may have been in use before, but not with one another.</summary>
    public void Begin(LogBatch batch, LogChunk chunk)
    {
        (_batch, _chunk) = (batch, chunk);
        _tables.Begin(batch.Strings, batch.Blobs, batch.Resources, batch.Scopes, chunk.Tables);
    }

    /// <summary>Appends one row, to which a number in the order of arrival and the time of its arrival are given.</summary>
    public void Append(int row, ulong sequence, ulong receivedUnixNano)
    {
        var (batch, chunk) = (_batch ?? throw new InvalidOperationException("No batch has been begun."), _chunk!);
        var (time, observed) = (batch.TimeUnixNano[row], batch.ObservedUnixNano[row]);
        var source = time != 0 ? LogTimeSource.Own : observed != 0 ? LogTimeSource.Observed : LogTimeSource.Received;
        var at = source switch { LogTimeSource.Own => time, LogTimeSource.Observed => observed, _ => receivedUnixNano };
        var logClass = new LogClass(
            _tables.Resource(batch.Resource[row]), _tables.Scope(batch.Scope[row]), batch.SeverityNumber[row], _tables.Text(batch.SeverityText[row]), batch.BodyType[row],
            _tables.Text(batch.EventName[row]), (int)batch.Flags[row], (int)batch.DroppedAttributes[row], batch.Marks[row] | (int)source << 8 | (observed == 0 ? LogClass.Unobserved : 0), Attributes(row));
        var span = chunk.Spans.GetOrAdd(new LogSpan(batch.TraceId[row], batch.SpanId[row]));
        chunk.EndRow(at, observed, sequence, chunk.Tables.Classes.GetOrAdd(logClass), span, _tables.Text(batch.Body[row]));
    }

    private int Attributes(int row)
    {
        var attributes = _batch!.Attributes;
        var (first, end) = (_batch.AttributeOffset[row], _batch.AttributeOffset[row + 1]);
        if (_members.Length < end - first) _members = new int[Math.Max(64, end - first)];
        var values = _chunk!.Values.Append(end - first);
        for (var i = first; i < end; i++)
        {
            var type = (AttributeType)attributes.Type[i];
            _members[i - first] = ShapeTable.MemberOf(_tables.Text(attributes.Key[i]), type);
            values[i - first] = _tables.Value(type, attributes.Value[i]);
        }
        return _chunk.Tables.Shapes.GetOrAdd(_members.AsSpan(0, end - first));
    }
}

/// <summary>Copies texts, blobs, resources and scopes of one set of tables into another, each once. One owner; not thread safe.</summary>
internal sealed class TableCopier
{
    private ByteDictionary _strings = new(16);
    private ByteDictionary _blobs = new(16);
    private ResourceTable _resources = new();
    private ScopeTable _scopes = new();
    private LogTables _target = new();
    private int[] _texts = [];
    private ulong[] _hashes = [];
    private int[] _blobIds = [];
    private int[] _resourceIds = [];
    private int[] _scopeIds = [];
    private int[] _key = [];

    // Resources and scopes have no numbers of their own beside their place, so equal ones are found by what they are made of.
    private LogTables? _known;
    private ByteDictionary _resourceKeys = new();
    private ByteDictionary _scopeKeys = new();

    /// <summary>Begins with other sources, or another target. A target is filled by one copier only.</summary>
    public void Begin(ByteDictionary strings, ByteDictionary blobs, ResourceTable resources, ScopeTable scopes, LogTables target)
    {
        (_strings, _blobs, _resources, _scopes, _target) = (strings, blobs, resources, scopes, target);
        if (_texts.Length < strings.Count) (_texts, _hashes) = (new int[Math.Max(strings.Count, _texts.Length * 2)], new ulong[Math.Max(strings.Count, _texts.Length * 2)]);
        target.Strings.FindAll(strings, _texts.AsSpan(0, strings.Count), _hashes.AsSpan(0, strings.Count));
        Unknown(ref _blobIds, blobs.Count);
        Unknown(ref _resourceIds, resources.Count);
        Unknown(ref _scopeIds, scopes.Count);
        if (ReferenceEquals(_known, target)) return;
        (_known, _resourceKeys, _scopeKeys) = (target, new ByteDictionary(), new ByteDictionary());
    }

    private static void Unknown(ref int[] ids, int count)
    {
        if (ids.Length < count) ids = new int[Math.Max(count, ids.Length * 2)];
        ids.AsSpan(0, count).Fill(-1);
    }

    /// <summary>The target's id of a text.</summary>
    public int Text(int id)
    {
        var known = _texts[id];
        return known >= 0 ? known : _texts[id] = _target.Strings.GetOrAdd(_strings[id], _hashes[id]);
    }

    /// <summary>The target's form of an attribute's value.</summary>
    public long Value(AttributeType type, long value) => type switch
    {
        AttributeType.String => Text((int)value),
        AttributeType.Array or AttributeType.KvList or AttributeType.Bytes => Blob((int)value),
        _ => value,
    };

    private int Blob(int id)
    {
        var known = _blobIds[id];
        return known >= 0 ? known : _blobIds[id] = _target.Blobs.GetOrAdd(_blobs[id]);
    }

    /// <summary>The target's number of a resource.</summary>
    public int Resource(int resource)
    {
        if (_resourceIds[resource] is var known and >= 0) return known;
        var (first, end) = (_resources.AttributeOffset[resource], _resources.AttributeOffset[resource + 1]);
        var (service, url) = (Text(_resources.Service[resource]), Text(_resources.SchemaUrl[resource]));
        var key = Key(_resources.Attributes, first, end, [service, url, (int)_resources.DroppedAttributes[resource], 0]);
        var id = _resourceKeys.GetOrAdd(MemoryMarshal.AsBytes(key), out var added);
        if (added)
        {
            Copy(_resources.Attributes, first, end, _target.Resources.Attributes);
            _target.Resources.Add(service, url, _resources.DroppedAttributes[resource]);
        }
        return _resourceIds[resource] = id;
    }

    /// <summary>The target's number of a scope.</summary>
    public int Scope(int scope)
    {
        if (_scopeIds[scope] is var known and >= 0) return known;
        var (first, end) = (_scopes.AttributeOffset[scope], _scopes.AttributeOffset[scope + 1]);
        var (name, version, url) = (Text(_scopes.Name[scope]), Text(_scopes.Version[scope]), Text(_scopes.SchemaUrl[scope]));
        var key = Key(_scopes.Attributes, first, end, [name, version, url, (int)_scopes.DroppedAttributes[scope]]);
        var id = _scopeKeys.GetOrAdd(MemoryMarshal.AsBytes(key), out var added);
        if (added)
        {
            Copy(_scopes.Attributes, first, end, _target.Scopes.Attributes);
            _target.Scopes.Add(name, version, url, _scopes.DroppedAttributes[scope]);
        }
        return _scopeIds[scope] = id;
    }

    private ReadOnlySpan<int> Key(AttributeColumns attributes, int first, int end, ReadOnlySpan<int> head)
    {
        var length = head.Length + 4 * (end - first);
        if (_key.Length < length) _key = new int[Math.Max(64, length)];
        head.CopyTo(_key);
        var at = head.Length;
        for (var i = first; i < end; i++)
        {
            var type = (AttributeType)attributes.Type[i];
            var value = Value(type, attributes.Value[i]);
            (_key[at], _key[at + 1], _key[at + 2], _key[at + 3]) = (Text(attributes.Key[i]), (int)type, (int)value, (int)(value >> 32));
            at += 4;
        }
        return _key.AsSpan(0, length);
    }

    private void Copy(AttributeColumns from, int first, int end, AttributeColumns to)
    {
        for (var i = first; i < end; i++) to.Add(Text(from.Key[i]), (AttributeType)from.Type[i], Value((AttributeType)from.Type[i], from.Value[i]));
    }
}
