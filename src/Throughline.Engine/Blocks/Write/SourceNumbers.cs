using System.Runtime.InteropServices;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Write;

/// <summary>
/// The block's numbers for those of one source batch at a time: strings, resources, scopes, operations, shapes. What was found once is looked up by the source's number. One
/// owner; not thread safe.
/// </summary>
internal sealed class SourceNumbers(BlockTablesBuilder tables)
{
    private readonly Dictionary<OperationKey, int> _operations = [];
    private readonly int[][] _shapes = [[], [], []];
    private readonly List<int> _columns = [];
    private SpanBatch _source = new();

    /// <summary>What makes an operation, in the source's numbers. Asked for every span: a tuple would be hashed and compared part by part.</summary>
    private readonly record struct OperationKey(int Resource, int Name, int Kind, int Scope)
    {
        public bool Equals(OperationKey other) => Resource == other.Resource && Name == other.Name && Kind == other.Kind && Scope == other.Scope;

        public override int GetHashCode()
        {
            var hash = (((ulong)(uint)Resource << 32) | (uint)Name) * 0x9E3779B97F4A7C15 ^ ((((ulong)(uint)Scope << 8) ^ (uint)Kind) * 0xC2B2AE3D27D4EB4F);
            return (int)(hash >> 32);
        }
    }
    private int[] _strings = [];
    private int[] _resources = [];
    private int[] _scopes = [];
    private readonly (OperationKey Key, int Id)[] _recentOperations = Enumerable.Repeat(NoOperation, 256).ToArray();
    private static readonly (OperationKey Key, int Id) NoOperation = (new(-1, -1, -1, -1), -1);

    /// <summary>The batch that numbers are given for.</summary>
    public SpanBatch Source => _source;

    /// <summary>Works out facts of traces of the batch.</summary>
    public TraceAnalysis Analysis { get; private set; } = new(new SpanBatch());

    /// <summary>Goes over to another batch.</summary>
    public void From(SpanBatch source)
    {
        _operations.Clear();
        Array.Fill(_recentOperations, NoOperation);
        _source = source;
        Analysis = new TraceAnalysis(source);
        Forget(ref _strings, source.Strings.Count);
        Forget(ref _resources, source.Resources.Count);
        Forget(ref _scopes, source.Scopes.Count);
        for (var owner = 0; owner < _shapes.Length; owner++) Forget(ref _shapes[owner], source.Shapes.Count);
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

    /// <summary>The block's scope.</summary>
    public int Scope(int row)
    {
        var known = _scopes[row];
        return known >= 0 ? known : _scopes[row] = tables.Scope(_source, row);
    }

    /// <summary>The block's operation of a span.</summary>
    public int Operation(int row)
    {
        var key = new OperationKey(_source.Resource[row], _source.Name[row], _source.Kind[row], _source.Scope[row]);
        ref var recent = ref _recentOperations[(byte)key.GetHashCode()];
        if (recent.Key == key) return recent.Id;
        ref var id = ref CollectionsMarshal.GetValueRefOrAddDefault(_operations, key, out var exists);
        if (!exists)
        {
            id = tables.Operation(String(_source.Resources.Service[key.Resource]), String(key.Name), key.Kind, Scope(key.Scope));
        }
        recent = (key, id);
        return id;
    }

    /// <summary>The block's shape for a shape of the source, which has some (<see cref="SpanBatch.Shape"/>).</summary>
    public int Shape(AttributeOwner owner, int shape)
    {
        ref var known = ref _shapes[(int)owner][shape];
        if (known >= 0) return known;
        _columns.Clear();
        foreach (var member in _source.Shapes[shape]) _columns.Add(tables.Column(owner, String(ShapeTable.KeyOf(member)), ShapeTable.TypeOf(member)));
        return known = tables.Shape(CollectionsMarshal.AsSpan(_columns));
    }

    /// <summary>Makes room for so many numbers, of which none is known.</summary>
    private static void Forget(ref int[] numbers, int count)
    {
        if (numbers.Length < count) numbers = new int[Math.Max(count, numbers.Length * 2)];
        numbers.AsSpan(0, count).Fill(-1);
    }
}
