using Throughline.Engine.Model;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Decode;

/// <summary>
/// Decodes OTLP <c>ExportTraceServiceRequest</c> messages (opentelemetry-proto 1.x, trace.proto) into columns, forward only and without an object per
/// span. Not thread safe; reuse one per worker. Unknown fields are ignored, as protobuf asks.
/// </summary>
public sealed class OtlpTraceDecoder
{
    /// <summary>How deep attribute values may nest when nothing else is said.</summary>
    public const int DefaultMaxNesting = 32;

    private readonly AttributeDecoder _attributes;
    private readonly OwnerDecoder _owners;

    private SpanBatch _batch = new();
    private bool _readsMarks;
    private int _emptyText;
    private int _refusedTraceIds;
    private int _refusedSpanIds;

    /// <summary>Makes one; attribute values may nest <paramref name="maxNesting"/> deep.</summary>
    public OtlpTraceDecoder(int maxNesting = DefaultMaxNesting)
    {
        _attributes = new AttributeDecoder(maxNesting);
        _owners = new OwnerDecoder(_attributes);
    }

    /// <summary>
    /// Appends the request's spans to <paramref name="batch"/>, which must be empty. Spans with invalid ids are left out and counted.
    /// A malformed request leaves the batch empty.
    /// </summary>
    public DecodeResult Decode(ReadOnlySpan<byte> request, SpanBatch batch) => Decode(request, batch, false);

    /// <summary>The same for the log's processed form (docs/format/wal.md), whose spans carry their marks.</summary>
    public DecodeResult DecodeProcessed(ReadOnlySpan<byte> processed, SpanBatch batch) => Decode(processed, batch, true);

    private DecodeResult Decode(ReadOnlySpan<byte> request, SpanBatch batch, bool readsMarks)
    {
        if (batch.RowCount != 0) throw new ArgumentException("The batch must be empty.", nameof(batch));
        _batch = batch;
        _readsMarks = readsMarks;
        _attributes.Bind(batch.Strings, batch.Blobs);
        _owners.Bind(batch.Strings, batch.Resources, batch.Scopes);
        _refusedTraceIds = _refusedSpanIds = 0;
        _emptyText = batch.Strings.GetOrAdd([]);
        try
        {
            var reader = new WireReader(request);
            while (reader.HasMore)
            {
                var tag = reader.ReadTag();
                if (tag == 0x0A) ResourceSpans(reader.ReadMessage());
                else reader.Skip(tag);
            }
        }
        catch (MalformedInputException e)
        {
            batch.Clear();
            var at = OtlpFieldPath.Locate(request, OtlpTraceSchema.Request, e.Offset);
            return new DecodeResult(DecodeStatus.Malformed, 0, 0, 0, $"{at} at byte {e.Offset}: {e.Message}");
        }
        var refused = _refusedTraceIds + _refusedSpanIds;
        return new DecodeResult(DecodeStatus.Decoded, batch.RowCount, refused, _attributes.MendedTexts, refused == 0 ? "" : RefusalMessage(refused));
    }

    private string RefusalMessage(int refused)
    {
        var reasons = new List<string>(2);
        if (_refusedTraceIds > 0) reasons.Add($"{_refusedTraceIds} with a trace_id that is not 16 bytes or all zero");
        if (_refusedSpanIds > 0) reasons.Add($"{_refusedSpanIds} with a span_id that is not 8 bytes or all zero");
        return $"{refused} {(refused == 1 ? "span was" : "spans were")} refused: {string.Join(", ", reasons)}";
    }

    private void ResourceSpans(WireReader message)
    {
        var row = _owners.Resource(message);
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            if (tag == 0x12) ScopeSpans(message.ReadMessage(), row);
            else message.Skip(tag);
        }
    }

    private SpanMarks MarksSince(int mendedBefore) => _attributes.MendedTexts == mendedBefore ? SpanMarks.None : SpanMarks.InvalidUtf8;

    private void ScopeSpans(WireReader message, int resourceRow)
    {
        var row = _owners.Scope(message);
        var marks = _owners.IsResourceMended(resourceRow) || _owners.IsScopeMended(row) ? SpanMarks.InvalidUtf8 : SpanMarks.None;
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            if (tag == 0x12) Span(message.ReadMessage(), resourceRow, row, marks);
            else message.Skip(tag);
        }
    }

    private void Span(WireReader message, int resourceRow, int scopeRow, SpanMarks marks)
    {
        var batch = _batch;
        var mendedBefore = _attributes.MendedTexts;
        ReadOnlySpan<byte> traceId = default, spanId = default, parentId = default, name = default, traceState = default;
        ReadOnlySpan<byte> statusMessage = default;
        ulong start = 0, end = 0;
        uint flags = 0, droppedAttributes = 0, droppedEvents = 0, droppedLinks = 0;
        int kind = 0, status = 0;
        _attributes.BeginOwner();
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            switch (tag)
            {
                case 0x0A: traceId = message.ReadBytes(); break;
                case 0x12: spanId = message.ReadBytes(); break;
                case 0x1A: traceState = message.ReadBytes(); break;
                case 0x22: parentId = message.ReadBytes(); break;
                case 0x2A: name = message.ReadBytes(); break;
                case 0x30: kind = (int)message.ReadVarint(); break;
                case 0x39: start = message.ReadFixed64(); break;
                case 0x41: end = message.ReadFixed64(); break;
                case 0x4A: _attributes.KeyValue(message.ReadMessage(), batch.Attributes); break;
                case 0x50: droppedAttributes = (uint)message.ReadVarint(); break;
                case 0x5A: Event(message.ReadMessage()); break;
                case 0x60: droppedEvents = (uint)message.ReadVarint(); break;
                case 0x6A: Link(message.ReadMessage()); break;
                case 0x70: droppedLinks = (uint)message.ReadVarint(); break;
                case 0x7A: Status(message.ReadMessage(), ref status, ref statusMessage); break;
                case 0x85: flags = message.ReadFixed32(); break;
                default:
                    if (tag == SpanMarksField.Tag && _readsMarks) marks |= (SpanMarks)message.ReadVarint();
                    else message.Skip(tag);
                    break;
            }
        }
        if (!Accept(traceId, spanId)) return;
        batch.TraceId.Add(TraceId.FromBytes(traceId));
        batch.SpanId.Add(SpanId.FromBytes(spanId).Value);
        // A parent id of a wrong length names no span: it counts as none, as OpenTelemetry's own collector has it.
        batch.ParentSpanId.Add(parentId.Length == SpanId.SizeBytes ? SpanId.FromBytes(parentId).Value : 0);
        batch.StartUnixNano.Add(start);
        batch.EndUnixNano.Add(end);
        batch.Name.Add(_attributes.Text(name));
        batch.Kind.Add(kind);
        batch.Status.Add(status);
        batch.StatusMessage.Add(statusMessage.IsEmpty ? _emptyText : _attributes.Text(statusMessage));
        batch.TraceState.Add(traceState.IsEmpty ? _emptyText : _attributes.Text(traceState));
        batch.Flags.Add(flags);
        batch.Resource.Add(resourceRow);
        batch.Scope.Add(scopeRow);
        batch.DroppedAttributes.Add(droppedAttributes);
        batch.DroppedEvents.Add(droppedEvents);
        batch.DroppedLinks.Add(droppedLinks);
        batch.Marks.Add((byte)(marks | MarksSince(mendedBefore)));
        batch.EndRow();
    }

    private bool Accept(ReadOnlySpan<byte> traceId, ReadOnlySpan<byte> spanId)
    {
        if (traceId.Length != TraceId.SizeBytes || !TraceId.FromBytes(traceId).IsValid) _refusedTraceIds++;
        else if (spanId.Length != SpanId.SizeBytes || !SpanId.FromBytes(spanId).IsValid) _refusedSpanIds++;
        else return true;
        _batch.AbandonRow();
        return false;
    }

    private static void Status(WireReader message, ref int code, ref ReadOnlySpan<byte> text)
    {
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            if (tag == 0x12) text = message.ReadBytes();
            else if (tag == 0x18) code = (int)message.ReadVarint();
            else message.Skip(tag);
        }
    }

    private void Event(WireReader message)
    {
        var events = _batch.Events;
        ReadOnlySpan<byte> name = default;
        ulong time = 0;
        uint dropped = 0;
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            switch (tag)
            {
                case 0x09: time = message.ReadFixed64(); break;
                case 0x12: name = message.ReadBytes(); break;
                case 0x1A: _attributes.KeyValue(message.ReadMessage(), events.Attributes); break;
                case 0x20: dropped = (uint)message.ReadVarint(); break;
                default: message.Skip(tag); break;
            }
        }
        events.Add(time, _attributes.Text(name), dropped);
    }

    private void Link(WireReader message)
    {
        var links = _batch.Links;
        ReadOnlySpan<byte> traceId = default, spanId = default, traceState = default;
        uint dropped = 0, flags = 0;
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            switch (tag)
            {
                case 0x0A: traceId = message.ReadBytes(); break;
                case 0x12: spanId = message.ReadBytes(); break;
                case 0x1A: traceState = message.ReadBytes(); break;
                case 0x22: _attributes.KeyValue(message.ReadMessage(), links.Attributes); break;
                case 0x28: dropped = (uint)message.ReadVarint(); break;
                case 0x35: flags = message.ReadFixed32(); break;
                default: message.Skip(tag); break;
            }
        }
        links.Add(traceId.Length == TraceId.SizeBytes ? TraceId.FromBytes(traceId) : default,
            spanId.Length == SpanId.SizeBytes ? SpanId.FromBytes(spanId).Value : 0,
            traceState.IsEmpty ? _emptyText : _attributes.Text(traceState), flags, dropped);
    }
}
