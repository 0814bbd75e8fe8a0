using Throughline.Engine.Blocks.Pages;
using Throughline.Engine.Files;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Blocks.Read;

/// <summary>
/// Makes rows of a trace of a row group again, reading only the columns that the trace's shapes name. For single traces: the vectors that it decodes stay in the cache. One use each; not
/// thread safe.
/// </summary>
internal sealed class BlockRows
{
    /// <summary>Rows that take a few milliseconds to make (5 us each, with 15 attributes): between them the bounds are asked.</summary>
    private const int MadeAtOnce = 1_024;

    private readonly BlockPart _part;
    private readonly BlockReader _block;
    private readonly IReadBounds _bounds;
    private readonly Dictionary<int, int> _strings = [];
    private readonly Dictionary<int, int> _blobs = [];
    private readonly Dictionary<int, int> _resources = [];
    private readonly Dictionary<int, int> _scopes = [];
    private SpanBatch _batch = new();
    private int _batchNumber;
    private int _emptyText;

    /// <summary>Of a row group.</summary>
    public BlockRows(BlockPart part, IReadBounds bounds)
    {
        (_part, _block, _bounds) = (part, part.Block, bounds);
    }

    /// <summary>Adds the spans of a trace to a table. The columns that it reads are charged for as long as it holds them, since those of a giant row group are too large for the cache.</summary>
    public void CopyTrace(TraceId id, int trace, SpanTable into)
    {
        var columns = new HeldColumns(_part, _bounds);
        try
        {
            CopyTrace(id, trace, into, columns);
        }
        finally
        {
            columns.LetGo();
        }
    }

    private void CopyTrace(TraceId id, int trace, SpanTable into, HeldColumns columns)
    {
        var offsets = _part.TraceOffsets();
        var (next, end) = (offsets[trace], offsets[trace + 1]);
        var core = new CoreColumns(_part, columns, next);
        var spans = new AttributeCursors(_part, columns, _part.OwnerShapes(TextOwner.Span), next);
        var events = new EventCursors(_part, columns, next);
        var links = new LinkCursors(_part, columns, next);
        while (next < end)
        {
            _bounds.Check();
            _batch = new SpanBatch();
            _batchNumber++;
            _emptyText = _batch.Strings.GetOrAdd([]);
            foreach (var map in (Dictionary<int, int>[])[_strings, _blobs, _resources, _scopes]) map.Clear();
            var last = Math.Min(end, next + MadeAtOnce);
            for (; next < last; next++) AddRow(id, next, core, spans, events, links);
            var before = into.MemoryBytes;
            into.Add(_batch);
            _bounds.Charge(into.MemoryBytes - before);
        }
    }

    private void AddRow(TraceId id, int row, CoreColumns core, AttributeCursors spans, EventCursors events, LinkCursors links)
    {
        var start = core.Starts[row];
        var operation = _block.BlockTables.Operations[(int)core.Operations[row]];
        _batch.TraceId.Add(id);
        _batch.SpanId.Add(core.SpanIds[row]);
        _batch.ParentSpanId.Add(core.ParentOf(row));
        _batch.StartUnixNano.Add(start);
        _batch.EndUnixNano.Add(start + core.Ends[row]);
        _batch.Name.Add(String(operation.Name));
        _batch.Kind.Add(operation.Kind);
        _batch.Status.Add((int)core.Status[row]);
        _batch.StatusMessage.Add(Text(BlockColumn.StatusMessage, core.Messages[row]));
        _batch.TraceState.Add(Text(BlockColumn.TraceState, core.States[row]));
        _batch.Flags.Add((uint)core.Flags[row]);
        _batch.Resource.Add(Resource((int)core.Resources[row]));
        _batch.Scope.Add(Scope(operation.Scope));
        _batch.DroppedAttributes.Add((uint)core.DroppedAttributes[row]);
        _batch.DroppedEvents.Add((uint)core.DroppedEvents[row]);
        _batch.DroppedLinks.Add((uint)core.DroppedLinks[row]);
        _batch.Marks.Add((byte)core.Marks[row]);
        AddAttributes(spans, row, _batch.Attributes);
        for (var e = events.Offsets[row]; e < events.Offsets[row + 1]; e++)
        {
            AddAttributes(events.Attributes, e, _batch.Events.Attributes);
            _batch.Events.Add(start + events.Times[e], Text(BlockColumn.EventName, events.Names[e]), (uint)events.Dropped[e]);
        }
        for (var l = links.Offsets[row]; l < links.Offsets[row + 1]; l++)
        {
            AddAttributes(links.Attributes, l, _batch.Links.Attributes);
            _batch.Links.Add(links.TraceIds[l], links.SpanIds[l], Text(BlockColumn.LinkTraceState, links.States[l]), (uint)links.Flags[l], (uint)links.Dropped[l]);
        }
        _batch.EndRow();
    }

    private void AddAttributes(AttributeCursors cursors, int owner, AttributeColumns into)
    {
        foreach (var cursor in cursors.Of(owner))
        {
            var value = cursor.Next();
            if (cursor.Type == AttributeType.String) value = _batch.Strings.GetOrAdd(cursor.Entry(value));
            else if (cursor.Type >= AttributeType.Array) value = _batch.Blobs.GetOrAdd(cursor.Entry(value));
            if (cursor.KeyInBatch.Batch != _batchNumber) cursor.KeyInBatch = (_batchNumber, String(cursor.Key));
            into.Add(cursor.KeyInBatch.Id, cursor.Type, value);
        }
    }

    private int Text(int column, ulong number) => number == 0 ? _emptyText : _batch.Strings.GetOrAdd(_block.Dictionary(column)[(long)number]);

    private int String(int id) => _strings.TryGetValue(id, out var known) ? known : _strings[id] = _batch.Strings.GetOrAdd(_block.Tables.Strings[id]);

    private int Blob(int id) => _blobs.TryGetValue(id, out var known) ? known : _blobs[id] = _batch.Blobs.GetOrAdd(_block.Tables.Blobs[id]);

    private int Resource(int row)
    {
        if (_resources.TryGetValue(row, out var known)) return known;
        var from = _block.Tables.Resources;
        AddAttributes(from.Attributes, from.AttributeOffset[row], from.AttributeOffset[row + 1], _batch.Resources.Attributes);
        return _resources[row] = _batch.Resources.Add(String(from.Service[row]), String(from.SchemaUrl[row]), from.DroppedAttributes[row]);
    }

    private int Scope(int row)
    {
        if (_scopes.TryGetValue(row, out var known)) return known;
        var from = _block.Tables.Scopes;
        AddAttributes(from.Attributes, from.AttributeOffset[row], from.AttributeOffset[row + 1], _batch.Scopes.Attributes);
        return _scopes[row] = _batch.Scopes.Add(String(from.Name[row]), String(from.Version[row]), String(from.SchemaUrl[row]), from.DroppedAttributes[row]);
    }

    private void AddAttributes(AttributeColumns from, int first, int end, AttributeColumns into)
    {
        for (var i = first; i < end; i++)
        {
            var type = (AttributeType)from.Type[i];
            var value = from.Value[i];
            if (type == AttributeType.String) value = String((int)value);
            else if (type >= AttributeType.Array) value = Blob((int)value);
            into.Add(String(from.Key[i]), type, value);
        }
    }

    /// <summary>The columns that have a number for every row.</summary>
    private sealed class CoreColumns
    {
        private readonly BlockPart _part;
        private readonly NumberVector _parents;
        private readonly ulong[] _elsewhere;
        private int _nextElsewhere;

        public CoreColumns(BlockPart part, HeldColumns columns, int first)
        {
            _part = part;
            SpanIds = columns.Raw<ulong>(BlockColumn.SpanId, part.Block.Parts[part.Number].Rows);
            Starts = columns.Hold(part.Starts());
            Ends = columns.Rows(BlockColumn.End);
            Operations = part.Rows(RowColumn.Operation);
            Resources = part.Rows(RowColumn.Resource);
            _parents = columns.Rows(BlockColumn.Parent);
            _elsewhere = columns.Raw<ulong>(BlockColumn.ParentElsewhere, part.Block.Pages.CountOf(part.Number, BlockColumn.ParentElsewhere));
            for (var row = 0; row < first && _elsewhere.Length > 0; row++) _nextElsewhere += _parents[row] == 1 ? 1 : 0;
            (Status, Marks) = (columns.Rows(BlockColumn.Status), columns.Rows(BlockColumn.Marks));
            (Messages, States, Flags) = (columns.Rows(BlockColumn.StatusMessage), columns.Rows(BlockColumn.TraceState), columns.Rows(BlockColumn.Flags));
            (DroppedAttributes, DroppedEvents, DroppedLinks) = (columns.Rows(BlockColumn.DroppedAttributes), columns.Rows(BlockColumn.DroppedEvents), columns.Rows(BlockColumn.DroppedLinks));
        }

        public ulong[] SpanIds { get; }
        public NumberVector Starts { get; }
        public NumberVector Ends { get; }
        public NumberVector Operations { get; }
        public NumberVector Resources { get; }
        public NumberVector Status { get; }
        public NumberVector Marks { get; }
        public NumberVector Messages { get; }
        public NumberVector States { get; }
        public NumberVector Flags { get; }
        public NumberVector DroppedAttributes { get; }
        public NumberVector DroppedEvents { get; }
        public NumberVector DroppedLinks { get; }

        /// <summary>The parent's id; rows are asked for in order.</summary>
        public ulong ParentOf(int row)
        {
            var code = (long)_parents[row];
            if (code == 0) return 0;
            if (code != 1) return SpanIds[_part.Place(row, code)];
            if (_nextElsewhere >= _elsewhere.Length) throw new CorruptDataException(_part.Block.Name, 0, "another parent elsewhere", $"{_elsewhere.Length} in all");
            return _elsewhere[_nextElsewhere++];
        }
    }

    /// <summary>Events and their columns.</summary>
    private sealed class EventCursors
    {
        public EventCursors(BlockPart part, HeldColumns columns, int firstRow)
        {
            Offsets = part.EventOffsets();
            var count = Offsets[^1];
            (Times, Names) = (columns.Numbers(BlockColumn.EventTime, count), columns.Numbers(BlockColumn.EventName, count));
            Dropped = columns.Numbers(BlockColumn.EventDroppedAttributes, count);
            Attributes = new AttributeCursors(part, columns, part.OwnerShapes(TextOwner.Event), Offsets[firstRow]);
        }

        public int[] Offsets { get; }
        public NumberVector Times { get; }
        public NumberVector Names { get; }
        public NumberVector Dropped { get; }
        public AttributeCursors Attributes { get; }
    }

    /// <summary>Links and their columns.</summary>
    private sealed class LinkCursors
    {
        public LinkCursors(BlockPart part, HeldColumns columns, int firstRow)
        {
            Offsets = part.LinkOffsets();
            var count = Offsets[^1];
            (TraceIds, SpanIds) = (columns.Raw<TraceId>(BlockColumn.LinkTraceId, count), columns.Raw<ulong>(BlockColumn.LinkSpanId, count));
            (States, Flags) = (columns.Numbers(BlockColumn.LinkTraceState, count), columns.Numbers(BlockColumn.LinkFlags, count));
            Dropped = columns.Numbers(BlockColumn.LinkDroppedAttributes, count);
            Attributes = new AttributeCursors(part, columns, part.CheckedShapes(BlockColumn.LinkShape, count), Offsets[firstRow]);
        }

        public int[] Offsets { get; }
        public TraceId[] TraceIds { get; }
        public ulong[] SpanIds { get; }
        public NumberVector States { get; }
        public NumberVector Flags { get; }
        public NumberVector Dropped { get; }
        public AttributeCursors Attributes { get; }
    }
}
