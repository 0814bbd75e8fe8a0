using System.Runtime.InteropServices;
using Throughline.Engine.Blocks.Format;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Write;

/// <summary>
/// The tables of a block while it is written, and the numbers that rows of source batches get in them: strings of names and keys, resources, scopes, operations, columns of attributes,
/// shapes. Equal ones become one. One owner; not thread safe.
/// </summary>
internal sealed class BlockTablesBuilder
{
    private readonly Dictionary<(int Service, int Name, int Kind, int Scope), int> _operationIds = [];
    private readonly List<BlockOperation> _operations = [];
    private Column<int> _services = new(0);
    private Column<bool> _isWait = new(0);
    private Column<(long Spans, long Errors)> _counts = new(0);
    private readonly Dictionary<(AttributeOwner Owner, int Key, AttributeType Type), int> _columnIds = [];
    private readonly List<AttributeColumn> _columns = [];
    private readonly ByteDictionary _shapes = new();
    private readonly ByteDictionary _resourceKeys = new();
    private readonly ByteDictionary _scopeKeys = new();
    private readonly List<long> _key = [];
    private readonly List<int> _members = [];

    /// <summary>Strings, blobs, resources and scopes of the block.</summary>
    public SpanBatch Batch { get; private set; } = new();

    /// <summary>The columns of attributes so far.</summary>
    public IReadOnlyList<AttributeColumn> Columns => _columns;

    /// <summary>By operation: its service, a string of the block.</summary>
    public ReadOnlySpan<int> Services => _services.Span;

    /// <summary>The number of an operation, whose texts are ids of the block.</summary>
    public int Operation(int service, int name, int kind, int scope)
    {
        ref var id = ref CollectionsMarshal.GetValueRefOrAddDefault(_operationIds, (service, name, kind, scope), out var exists);
        if (exists) return id;
        id = _operations.Count;
        _operations.Add(new BlockOperation(service, name, kind, scope, 0, 0));
        _services.Add(service);
        _counts.Add(default);
        return id;
    }

    /// <summary>Counts spans by operation; <paramref name="marks"/> are theirs.</summary>
    public void Count(ReadOnlySpan<long> operations, ReadOnlySpan<long> marks)
    {
        var counts = _counts.Items;
        for (var i = 0; i < operations.Length; i++)
        {
            ref var counted = ref counts[(int)operations[i]];
            counted.Spans++;
            if ((marks[i] & (long)SpanMarks.Error) != 0) counted.Errors++;
        }
    }

    /// <summary>The index of a column of attributes, counted from 0, whose key is an id of the block.</summary>
    public int Column(AttributeOwner owner, int key, AttributeType type)
    {
        ref var index = ref CollectionsMarshal.GetValueRefOrAddDefault(_columnIds, (owner, key, type), out var exists);
        if (exists) return index;
        index = _columns.Count;
        _columns.Add(new AttributeColumn(owner, key, type, 0, 0));
        return index;
    }

    /// <summary>True when spans of a shape are explicit waits: their attributes say which kind.</summary>
    public bool IsWait(int shape)
    {
        for (var next = _isWait.Count; next < _shapes.Count; next++)
        {
            var isWait = false;
            foreach (var column in ShapeColumns(next)) isWait |= _columns[column] is { Owner: AttributeOwner.Span, Type: AttributeType.String } facts && Batch.Strings[facts.Key].SequenceEqual("wait.kind"u8);
            _isWait.Add(isWait);
        }
        return _isWait[shape];
    }

    /// <summary>The order of two operations by their services' and names' texts.</summary>
    public int CompareTexts(int operation, int other)
    {
        if (operation == other) return 0;
        var (a, b) = (_operations[operation], _operations[other]);
        var order = Batch.Strings[a.Service].SequenceCompareTo(Batch.Strings[b.Service]);
        return order != 0 ? order : Batch.Strings[a.Name].SequenceCompareTo(Batch.Strings[b.Name]);
    }

    /// <summary>The number of a shape: indexes of columns, counted from 0, in the order of an owner's attributes.</summary>
    public int Shape(ReadOnlySpan<int> columns) => _shapes.GetOrAdd(MemoryMarshal.AsBytes(columns));

    /// <summary>Number of shapes so far.</summary>
    public int ShapeCount => _shapes.Count;

    /// <summary>The columns of a shape; valid until another is added.</summary>
    public ReadOnlySpan<int> ShapeColumns(int shape) => MemoryMarshal.Cast<byte, int>(_shapes[shape]);

    /// <summary>The block's number of a resource of a source batch.</summary>
    public int Resource(SpanBatch source, int row)
    {
        var (from, to) = (source.Resources, Batch.Resources);
        var first = to.Attributes.Count;
        CopyAttributes(source, from.Attributes, from.AttributeOffset[row], from.AttributeOffset[row + 1], to.Attributes);
        _key.Clear();
        _key.Add(Batch.Strings.GetOrAdd(source.Strings[from.Service[row]]));
        _key.Add(Batch.Strings.GetOrAdd(source.Strings[from.SchemaUrl[row]]));
        _key.Add(from.DroppedAttributes[row]);
        var number = NumberOf(_resourceKeys, to.Attributes, first, out var added);
        if (added) to.Add((int)_key[0], (int)_key[1], (uint)_key[2]);
        return number;
    }

    /// <summary>The block's number of a scope of a source batch.</summary>
    public int Scope(SpanBatch source, int row)
    {
        var (from, to) = (source.Scopes, Batch.Scopes);
        var first = to.Attributes.Count;
        CopyAttributes(source, from.Attributes, from.AttributeOffset[row], from.AttributeOffset[row + 1], to.Attributes);
        _key.Clear();
        _key.Add(Batch.Strings.GetOrAdd(source.Strings[from.Name[row]]));
        _key.Add(Batch.Strings.GetOrAdd(source.Strings[from.Version[row]]));
        _key.Add(Batch.Strings.GetOrAdd(source.Strings[from.SchemaUrl[row]]));
        _key.Add(from.DroppedAttributes[row]);
        var number = NumberOf(_scopeKeys, to.Attributes, first, out var added);
        if (added) to.Add((int)_key[0], (int)_key[1], (int)_key[2], (uint)_key[3]);
        return number;
    }

    /// <summary>Takes attributes that were just added into the key; they stay when it is new.</summary>
    private int NumberOf(ByteDictionary keys, AttributeColumns attributes, int first, out bool added)
    {
        for (var i = first; i < attributes.Count; i++)
        {
            _key.Add(attributes.Key[i]);
            _key.Add(attributes.Type[i]);
            _key.Add(attributes.Value[i]);
        }
        var number = keys.GetOrAdd(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_key)), out added);
        if (!added) attributes.Truncate(first);
        return number;
    }

    private void CopyAttributes(SpanBatch source, AttributeColumns from, int first, int end, AttributeColumns to)
    {
        for (var i = first; i < end; i++)
        {
            var type = (AttributeType)from.Type[i];
            var value = from.Value[i];
            if (type == AttributeType.String) value = Batch.Strings.GetOrAdd(source.Strings[(int)value]);
            else if (type >= AttributeType.Array) value = Batch.Blobs.GetOrAdd(source.Blobs[(int)value]);
            to.Add(Batch.Strings.GetOrAdd(source.Strings[from.Key[i]]), type, value);
        }
    }

    /// <summary>The tables, and makes ready for another block. Values and entries by column.</summary>
    public BlockTables Finish(RowGroupFacts[] rowGroups, ReadOnlySpan<long> values, ReadOnlySpan<int> entries)
    {
        for (var i = 0; i < _operations.Count; i++) _operations[i] = _operations[i] with { Spans = _counts[i].Spans, Errors = _counts[i].Errors };
        for (var i = 0; i < _columns.Count; i++) _columns[i] = _columns[i] with { Values = values[i], Entries = entries[i] };
        var offsets = new int[_shapes.Count + 1];
        for (var shape = 0; shape < _shapes.Count; shape++)
        {
            foreach (var column in ShapeColumns(shape)) _members.Add(Pages.BlockColumn.FirstAttribute + column);
            offsets[shape + 1] = _members.Count;
        }
        var tables = new BlockTables
        {
            Batch = Batch,
            RowGroups = rowGroups,
            Operations = [.. _operations],
            Columns = [.. _columns],
            ShapeOffsets = offsets,
            ShapeMembers = [.. _members],
        };
        Clear();
        return tables;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Batch = new SpanBatch();
        _operationIds.Clear();
        _operations.Clear();
        _services.Truncate(0);
        _isWait.Truncate(0);
        _counts.Truncate(0);
        _columnIds.Clear();
        _columns.Clear();
        _members.Clear();
        _shapes.Clear();
        _resourceKeys.Clear();
        _scopeKeys.Clear();
    }
}
