using Throughline.Engine.Files;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Blocks.Format;

/// <summary>What a column of attributes belongs to.</summary>
internal enum AttributeOwner : byte
{
    /// <summary>Spans.</summary>
    Span = 0,
    /// <summary>Events of spans.</summary>
    Event = 1,
    /// <summary>Links of spans.</summary>
    Link = 2,
}

/// <summary>A column of attribute values of a block: one key in one type of one kind of owner.</summary>
/// <param name="Owner">Spans, events or links.</param>
/// <param name="Key">Id in the block's strings.</param>
/// <param name="Type">Type of all its values.</param>
/// <param name="Values">Values in the block.</param>
/// <param name="Entries">Entries of its dictionary; 0 for numbers.</param>
internal readonly record struct AttributeColumn(AttributeOwner Owner, int Key, AttributeType Type, long Values, int Entries)
{
    /// <summary>True when its values are entries of a dictionary.</summary>
    public bool HasDictionary => Type is AttributeType.String or AttributeType.Bytes or AttributeType.Array or AttributeType.KvList;
}

/// <summary>An operation of a block: what the service is called, the span, its kind, and the scope that made it. Service and name are ids in the block's strings.</summary>
internal readonly record struct BlockOperation(int Service, int Name, int Kind, int Scope, long Spans, long Errors);

/// <summary>A row group as the tables tell of it. Times in Unix nanoseconds.</summary>
/// <param name="Rows">Spans.</param>
/// <param name="Traces">Traces.</param>
/// <param name="MinStartUnixNano">Start of its earliest span.</param>
/// <param name="MaxStartUnixNano">Start of its latest span.</param>
/// <param name="MaxTraceStartUnixNano">Start of its latest trace.</param>
/// <param name="MaxTraceDurationNano">Its longest trace, as far as it lies here.</param>
internal readonly record struct RowGroupFacts(int Rows, int Traces, ulong MinStartUnixNano, ulong MaxStartUnixNano, ulong MaxTraceStartUnixNano, ulong MaxTraceDurationNano);

/// <summary>
/// The tables that all row groups of a block share (docs/format/block.md, "Tables"). Immutable once read.
/// </summary>
internal sealed class BlockTables
{
    /// <summary>Strings, blobs, resources and scopes, in a batch without rows.</summary>
    public required SpanBatch Batch { get; init; }

    /// <summary>The row groups, in order.</summary>
    public required RowGroupFacts[] RowGroups { get; init; }

    /// <summary>The operations that rows are numbered by.</summary>
    public required BlockOperation[] Operations { get; init; }

    /// <summary>The columns of attributes; the first is column <see cref="Pages.BlockColumn.FirstAttribute"/>.</summary>
    public required AttributeColumn[] Columns { get; init; }

    /// <summary>Where each shape's members begin in <see cref="ShapeMembers"/>; one more than there are shapes.</summary>
    public required int[] ShapeOffsets { get; init; }

    /// <summary>Numbers of columns, <see cref="Pages.BlockColumn.FirstAttribute"/> and above, shape after shape.</summary>
    public required int[] ShapeMembers { get; init; }

    /// <summary>Writes the bytes of the tables.</summary>
    public void Encode(ListWriter lists)
    {
        lists.Dictionary(Batch.Strings);
        lists.Dictionary(Batch.Blobs);
        lists.List(RowGroups.Length, i => RowGroups[i].Rows);
        lists.List(RowGroups.Length, i => RowGroups[i].Traces);
        lists.List(RowGroups.Length, i => (long)RowGroups[i].MinStartUnixNano);
        lists.List(RowGroups.Length, i => (long)RowGroups[i].MaxStartUnixNano);
        lists.List(RowGroups.Length, i => (long)RowGroups[i].MaxTraceStartUnixNano);
        lists.List(RowGroups.Length, i => (long)RowGroups[i].MaxTraceDurationNano);
        var resources = Batch.Resources;
        lists.List(resources.Count, i => resources.Service[i]);
        lists.List(resources.Count, i => resources.SchemaUrl[i]);
        lists.List(resources.Count, i => resources.DroppedAttributes[i]);
        WriteAttributes(lists, resources.Count, resources.AttributeOffset, resources.Attributes);
        var scopes = Batch.Scopes;
        lists.List(scopes.Count, i => scopes.Name[i]);
        lists.List(scopes.Count, i => scopes.Version[i]);
        lists.List(scopes.Count, i => scopes.SchemaUrl[i]);
        lists.List(scopes.Count, i => scopes.DroppedAttributes[i]);
        WriteAttributes(lists, scopes.Count, scopes.AttributeOffset, scopes.Attributes);
        lists.List(Operations.Length, i => Operations[i].Service);
        lists.List(Operations.Length, i => Operations[i].Name);
        lists.List(Operations.Length, i => Operations[i].Kind);
        lists.List(Operations.Length, i => Operations[i].Scope);
        lists.List(Operations.Length, i => Operations[i].Spans);
        lists.List(Operations.Length, i => Operations[i].Errors);
        lists.List(Columns.Length, i => (long)Columns[i].Owner);
        lists.List(Columns.Length, i => Columns[i].Key);
        lists.List(Columns.Length, i => (long)Columns[i].Type);
        lists.List(Columns.Length, i => Columns[i].Values);
        lists.List(Columns.Length, i => Columns[i].Entries);
        lists.List(ShapeOffsets.Length - 1, i => ShapeOffsets[i + 1] - ShapeOffsets[i]);
        lists.List(ShapeMembers.Length, i => ShapeMembers[i]);
    }

    private static void WriteAttributes(ListWriter lists, int owners, Column<int> offsets, AttributeColumns attributes)
    {
        lists.List(owners, i => offsets[i + 1] - offsets[i]);
        lists.List(attributes.Count, i => attributes.Key[i]);
        lists.List(attributes.Count, i => attributes.Type[i]);
        lists.List(attributes.Count, i => attributes.Value[i]);
    }

    /// <summary>Reads tables whose checksum has been checked.</summary>
    /// <exception cref="CorruptDataException">The bytes are no tables.</exception>
    public static BlockTables Decode(ReadOnlySpan<byte> bytes, string file, long offset)
    {
        var lists = new ListReader(bytes, file, offset);
        var batch = new SpanBatch { Strings = lists.Dictionary(), Blobs = lists.Dictionary() };
        var (rows, traces) = (lists.List(), lists.List());
        var (minStart, maxStart, maxTraceStart, maxDuration) = (lists.List(), lists.List(), lists.List(), lists.List());
        var groups = new RowGroupFacts[rows.Length];
        for (var i = 0; i < groups.Length; i++)
            groups[i] = new RowGroupFacts((int)rows[i], (int)traces[i], (ulong)minStart[i], (ulong)maxStart[i], (ulong)maxTraceStart[i], (ulong)maxDuration[i]);
        var resources = new ResourceTable { Service = Ints(lists.List()), SchemaUrl = Ints(lists.List()), DroppedAttributes = UInts(lists.List()) };
        (resources.AttributeOffset, resources.Attributes) = ReadAttributes(ref lists);
        var scopes = new ScopeTable { Name = Ints(lists.List()), Version = Ints(lists.List()), SchemaUrl = Ints(lists.List()), DroppedAttributes = UInts(lists.List()) };
        (scopes.AttributeOffset, scopes.Attributes) = ReadAttributes(ref lists);
        (batch.Resources, batch.Scopes) = (resources, scopes);
        var operations = ReadOperations(ref lists);
        var columns = ReadColumns(ref lists);
        var offsets = Offsets(lists.List());
        var members = Ints(lists.List()).Items;
        lists.End();
        return new BlockTables { Batch = batch, RowGroups = groups, Operations = operations, Columns = columns, ShapeOffsets = offsets, ShapeMembers = members };
    }

    private static BlockOperation[] ReadOperations(ref ListReader lists)
    {
        var (service, name, kind) = (lists.List(), lists.List(), lists.List());
        var (scope, spans, errors) = (lists.List(), lists.List(), lists.List());
        var operations = new BlockOperation[service.Length];
        for (var i = 0; i < operations.Length; i++) operations[i] = new BlockOperation((int)service[i], (int)name[i], (int)kind[i], (int)scope[i], spans[i], errors[i]);
        return operations;
    }

    private static AttributeColumn[] ReadColumns(ref ListReader lists)
    {
        var (owner, key, type) = (lists.List(), lists.List(), lists.List());
        var (values, entries) = (lists.List(), lists.List());
        var columns = new AttributeColumn[owner.Length];
        for (var i = 0; i < columns.Length; i++) columns[i] = new AttributeColumn((AttributeOwner)owner[i], (int)key[i], (AttributeType)type[i], values[i], (int)entries[i]);
        return columns;
    }

    private static (Column<int> Offsets, AttributeColumns Attributes) ReadAttributes(ref ListReader lists)
    {
        var offsets = new Column<int>(Offsets(lists.List()));
        var keys = Ints(lists.List());
        var types = lists.List();
        var bytes = new byte[types.Length];
        for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)types[i];
        return (offsets, new AttributeColumns { Key = keys, Type = new(bytes), Value = new(lists.List()) });
    }

    private static int[] Offsets(long[] lengths)
    {
        var offsets = new int[lengths.Length + 1];
        for (var i = 0; i < lengths.Length; i++) offsets[i + 1] = offsets[i] + (int)lengths[i];
        return offsets;
    }

    private static Column<int> Ints(long[] values)
    {
        var ints = new int[values.Length];
        for (var i = 0; i < ints.Length; i++) ints[i] = (int)values[i];
        return new Column<int>(ints);
    }

    private static Column<uint> UInts(long[] values)
    {
        var ints = new uint[values.Length];
        for (var i = 0; i < ints.Length; i++) ints[i] = (uint)values[i];
        return new Column<uint>(ints);
    }
}
