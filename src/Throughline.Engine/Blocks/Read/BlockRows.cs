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
    /// <summary>Rows that take a few milliseconds to make: between them a caller that has gone is noticed.</summary>
    private const int MadeAtOnce = 8_192;

    private readonly BlockPart _part;
    private readonly BlockReader _block;
    private readonly Dictionary<int, int> _strings = [];
    private readonly Dictionary<int, int> _blobs = [];
    private readonly Dictionary<int, int> _resources = [];
    private readonly Dictionary<int, int> _scopes = [];
    private SpanBatch _batch = new();
    private int _batchNumber;
    private int _emptyText;

    /// <summary>Of a row group.</summary>
    public BlockRows(BlockPart part)
    {
        _part = part;
        _block = part.Block;
    }

    /// <summary>Adds the spans of a trace to a table.</summary>
    public void CopyTrace(TraceId id, int trace, SpanTable into, CancellationToken cancellationToken)
    {
        var offsets = _part.TraceOffsets();
        var (next, end) = (offsets[trace], offsets[trace + 1]);
        var core = new CoreColumns(_part, next);
        var spans = new AttributeCursors(_part, _part.OwnerShapes(TextOwner.Span), next);
        var events = new EventCursors(_part, next);
        var links = new LinkCursors(_part, next);
        while (next < end)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _batch = new SpanBatch();
            _batchNumber++;
            _emptyText = _batch.Strings.GetOrAdd([]);
            foreach (var map in (Dictionary<int, int>[])[_strings, _blobs, _resources, _scopes]) map.Clear();
            var last = Math.Min(end, next + MadeAtOnce);
            for (; next < last; next++) AddRow(id, next, core, spans, events, links);
            into.Add(_batch);
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

        public CoreColumns(BlockPart part, int first)
        {
            _part = part;
            SpanIds = part.Block.Pages.Raw<ulong>(part.Number, BlockColumn.SpanId, part.Block.Parts[part.Number].Rows);
            Starts = part.Starts();
            Ends = part.Numbers(BlockColumn.End);
            Operations = part.Rows(RowColumn.Operation);
            Resources = part.Rows(RowColumn.Resource);
            _parents = part.Numbers(BlockColumn.Parent);
            _elsewhere = part.Block.Pages.Raw<ulong>(part.Number, BlockColumn.ParentElsewhere, part.Block.Pages.CountOf(part.Number, BlockColumn.ParentElsewhere));
            for (var row = 0; row < first && _elsewhere.Length > 0; row++) _nextElsewhere += _parents[row] == 1 ? 1 : 0;
            (Status, Marks) = (part.Numbers(BlockColumn.Status), part.Numbers(BlockColumn.Marks));
            (Messages, States, Flags) = (part.Numbers(BlockColumn.StatusMessage), part.Numbers(BlockColumn.TraceState), part.Numbers(BlockColumn.Flags));
            (DroppedAttributes, DroppedEvents, DroppedLinks) = (part.Numbers(BlockColumn.DroppedAttributes), part.Numbers(BlockColumn.DroppedEvents), part.Numbers(BlockColumn.DroppedLinks));
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
        public EventCursors(BlockPart part, int firstRow)
        {
            Offsets = part.EventOffsets();
            var (pages, count) = (part.Block.Pages, Offsets[^1]);
            (Times, Names) = (pages.Numbers(part.Number, BlockColumn.EventTime, count), pages.Numbers(part.Number, BlockColumn.EventName, count));
            Dropped = pages.Numbers(part.Number, BlockColumn.EventDroppedAttributes, count);
            Attributes = new AttributeCursors(part, part.OwnerShapes(TextOwner.Event), Offsets[firstRow]);
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
        public LinkCursors(BlockPart part, int firstRow)
        {
            Offsets = part.LinkOffsets();
            var (pages, count) = (part.Block.Pages, Offsets[^1]);
            (TraceIds, SpanIds) = (pages.Raw<TraceId>(part.Number, BlockColumn.LinkTraceId, count), pages.Raw<ulong>(part.Number, BlockColumn.LinkSpanId, count));
            (States, Flags) = (pages.Numbers(part.Number, BlockColumn.LinkTraceState, count), pages.Numbers(part.Number, BlockColumn.LinkFlags, count));
            Dropped = pages.Numbers(part.Number, BlockColumn.LinkDroppedAttributes, count);
            Attributes = new AttributeCursors(part, part.CheckedShapes(BlockColumn.LinkShape, count), Offsets[firstRow]);
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
