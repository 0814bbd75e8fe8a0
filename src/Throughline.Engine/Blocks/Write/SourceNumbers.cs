using System.IO.Hashing;
using System.Runtime.InteropServices;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Write;

/// <summary>
/// The block's numbers for those of one source batch at a time: strings, resources, scopes, operations, shapes. What was found once is looked up by the source's number. One
/// owner; not thread safe.
/// </summary>
internal sealed class SourceNumbers(BlockTablesBuilder tables)
{
    private readonly Dictionary<(int Resource, int Name, int Kind, int Scope), int> _operations = [];
    private readonly Dictionary<UInt128, int> _shapes = [];
    private readonly List<int> _columns = [];
    private SpanBatch _source = new();
    private int[] _strings = [];
    private int[] _resources = [];
    private int[] _scopes = [];
    private (int Resource, int Name, int Kind, int Scope) _lastOperation = (-1, -1, -1, -1);
    private int _lastOperationId;

    /// <summary>The batch that numbers are given for.</summary>
    public SpanBatch Source => _source;

    /// <summary>Works out facts of traces of the batch.</summary>
    public TraceAnalysis Analysis { get; private set; } = new(new SpanBatch());

    /// <summary>Goes over to another batch.</summary>
    public void From(SpanBatch source)
    {
        _source = source;
        Analysis = new TraceAnalysis(source);
        Unknown(ref _strings, source.Strings.Count);
        Unknown(ref _resources, source.Resources.Count);
        Unknown(ref _scopes, source.Scopes.Count);
        _operations.Clear();
        _shapes.Clear();
        _lastOperation = (-1, -1, -1, -1);
    }

    /// <summary>The block's string.</summary>
    public int String(int id)
    {
        var known = _strings[id];
        return known >= 0 ? known : _strings[id] = tables.Batch.Strings.GetOrAdd(_source.Strings[id]);
    }

    /// <summary>The block's resource.</summary>
    public int Resource(int row)
    {
        var known = _resources[row];
        return known >= 0 ? known : _resources[row] = tables.Resource(_source, row);
    }

    /// <summary>The block's operation of a span.</summary>
    public int Operation(int row)
    {
        var key = (_source.Resource[row], _source.Name[row], _source.Kind[row], _source.Scope[row]);
        if (key == _lastOperation) return _lastOperationId;
        ref var id = ref CollectionsMarshal.GetValueRefOrAddDefault(_operations, key, out var exists);
        if (!exists)
        {
            ref var scope = ref _scopes[key.Item4];
            if (scope < 0) scope = tables.Scope(_source, key.Item4);
            id = tables.Operation(String(_source.Resources.Service[key.Item1]), String(key.Item2), key.Item3, scope);
        }
        (_lastOperation, _lastOperationId) = (key, id);
        return id;
    }

    /// <summary>The block's shape of an owner's attributes.</summary>
    public int Shape(AttributeOwner owner, AttributeColumns attributes, int first, int end)
    {
        var keys = MemoryMarshal.AsBytes(attributes.Key.Span[first..end]);
        var types = attributes.Type.Span[first..end];
        // 128 bits of hash over a batch's own numbers stand for the list itself.
        var hash = XxHash128.HashToUInt128(keys, (long)XxHash3.HashToUInt64(types) + (int)owner);
        ref var shape = ref CollectionsMarshal.GetValueRefOrAddDefault(_shapes, hash, out var exists);
        if (exists) return shape;
        _columns.Clear();
        for (var i = first; i < end; i++) _columns.Add(tables.Column(owner, String(attributes.Key[i]), (AttributeType)attributes.Type[i]));
        shape = tables.Shape(CollectionsMarshal.AsSpan(_columns));
        return shape;
    }

    private static void Unknown(ref int[] numbers, int count)
    {
        if (numbers.Length < count) numbers = new int[Math.Max(count, numbers.Length * 2)];
        numbers.AsSpan(0, count).Fill(-1);
    }
}
