using System.Runtime.InteropServices;
using Throughline.Engine.Logs;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Wire;

namespace Throughline.Engine.Decode;

/// <summary>
/// Decodes OTLP <c>ExportLogsServiceRequest</c> messages (opentelemetry-proto 1.x, logs.proto) into columns, forward only and without an object per record. Not thread safe; reuse one per worker.
/// Unknown fields are ignored, as protobuf asks.
/// </summary>
public sealed class OtlpLogDecoder : IDisposable
{
    private readonly AttributeDecoder _attributes;
    private readonly OwnerDecoder _owners;
    private readonly BodyJson _json = new();
    private readonly List<byte> _joined = [];

    private LogBatch _batch = new();
    private bool _readsMarks;
    private int _emptyText;
    private int _brokenIds;

    /// <summary>Makes one; values may nest <paramref name="maxNesting"/> deep.</summary>
    public OtlpLogDecoder(int maxNesting = OtlpTraceDecoder.DefaultMaxNesting)
    {
        _attributes = new AttributeDecoder(maxNesting);
        _owners = new OwnerDecoder(_attributes);
    }

    /// <summary>
    /// Appends the request's records to <paramref name="batch"/>, which must be empty. Every record is taken: one with an id of a wrong length goes without it, and the message says so. A malformed
    /// request leaves the batch empty.
    /// </summary>
    public DecodeResult Decode(ReadOnlySpan<byte> request, LogBatch batch) => Decode(request, batch, false);

    /// <summary>The same for the log's processed form (docs/format/wal.md), whose records carry their marks and what their bodies were.</summary>
    public DecodeResult DecodeProcessed(ReadOnlySpan<byte> processed, LogBatch batch) => Decode(processed, batch, true);

    /// <inheritdoc/>
    public void Dispose() => _json.Dispose();

    private DecodeResult Decode(ReadOnlySpan<byte> request, LogBatch batch, bool readsMarks)
    {
        if (batch.RowCount != 0) throw new ArgumentException("The batch must be empty.", nameof(batch));
        _batch = batch;
        _readsMarks = readsMarks;
        _attributes.Bind(batch.Strings, batch.Blobs);
        _owners.Bind(batch.Strings, batch.Resources, batch.Scopes);
        _emptyText = batch.Strings.GetOrAdd([]);
        _brokenIds = 0;
        try
        {
            var reader = new WireReader(request);
            while (reader.HasMore)
            {
                var tag = reader.ReadTag();
                if (tag == 0x0A) ResourceLogs(reader.ReadMessage());
                else reader.Skip(tag);
            }
        }
        catch (MalformedInputException e)
        {
            batch.Clear();
            var at = OtlpFieldPath.Locate(request, OtlpLogSchema.Request, e.Offset);
            return new DecodeResult(DecodeStatus.Malformed, 0, 0, 0, $"{at} at byte {e.Offset}: {e.Message}");
        }
        var message = _brokenIds == 0 ? "" : $"{_brokenIds} log record(s) had a trace_id that is not 16 bytes or a span_id that is not 8, and were stored without it.";
        return new DecodeResult(DecodeStatus.Decoded, batch.RowCount, 0, _attributes.MendedTexts, message);
    }

    private void ResourceLogs(WireReader message)
    {
        var row = _owners.Resource(message);
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            if (tag == 0x12) ScopeLogs(message.ReadMessage(), row);
            else message.Skip(tag);
        }
    }

    private void ScopeLogs(WireReader message, int resourceRow)
    {
        var row = _owners.Scope(message);
        var marks = _owners.IsResourceMended(resourceRow) || _owners.IsScopeMended(row) ? SpanMarks.InvalidUtf8 : SpanMarks.None;
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            if (tag == 0x12) Record(message.ReadMessage(), resourceRow, row, marks);
            else message.Skip(tag);
        }
    }

    private void Record(WireReader message, int resourceRow, int scopeRow, SpanMarks marks)
    {
        var batch = _batch;
        var mendedBefore = _attributes.MendedTexts;
        ReadOnlySpan<byte> traceId = default, spanId = default, severity = default, eventName = default;
        var body = new WireReader([]);
        ulong time = 0, observed = 0;
        uint flags = 0, dropped = 0;
        var (number, bodies, keptType) = (0, 0, -1);
        _attributes.BeginOwner();
        while (message.HasMore)
        {
            var tag = message.ReadTag();
            switch (tag)
            {
                case 0x09: time = message.ReadFixed64(); break;
                case 0x10: number = (int)message.ReadVarint(); break;
                case 0x1A: severity = message.ReadBytes(); break;
                case 0x2A:
                    var part = message.ReadMessage();
                    if (bodies++ == 0) body = part;
                    else Join(bodies, body, part);
                    break;
                case 0x32: _attributes.KeyValue(message.ReadMessage(), batch.Attributes); break;
                case 0x38: dropped = (uint)message.ReadVarint(); break;
                case 0x45: flags = message.ReadFixed32(); break;
                case 0x4A: traceId = message.ReadBytes(); break;
                case 0x52: spanId = message.ReadBytes(); break;
                case 0x59: observed = message.ReadFixed64(); break;
                case 0x62: eventName = message.ReadBytes(); break;
                default:
                    if (tag == SpanMarksField.Tag && _readsMarks) marks |= (SpanMarks)message.ReadVarint();
                    else if (tag == LogBodyField.Tag && _readsMarks) keptType = (int)message.ReadVarint();
                    else message.Skip(tag);
                    break;
            }
        }
        if (bodies > 1) body = new WireReader(CollectionsMarshal.AsSpan(_joined));
        batch.Body.Add(_attributes.BodyText(body, _json, out var type));
        batch.BodyType.Add(keptType < 0 ? (byte)type : (byte)keptType);
        batch.TimeUnixNano.Add(time);
        batch.ObservedUnixNano.Add(observed);
        batch.TraceId.Add(traceId.Length == TraceId.SizeBytes ? TraceId.FromBytes(traceId) : default);
        batch.SpanId.Add(spanId.Length == SpanId.SizeBytes ? SpanId.FromBytes(spanId).Value : 0);
        batch.SeverityNumber.Add(number);
        batch.SeverityText.Add(severity.IsEmpty ? _emptyText : _attributes.Text(severity));
        batch.EventName.Add(eventName.IsEmpty ? _emptyText : _attributes.Text(eventName));
        batch.Flags.Add(flags);
        batch.DroppedAttributes.Add(dropped);
        batch.Marks.Add((byte)(_attributes.MendedTexts == mendedBefore ? marks : marks | SpanMarks.InvalidUtf8));
        batch.Resource.Add(resourceRow);
        batch.Scope.Add(scopeRow);
        batch.EndRow();
        if (traceId.Length is not (0 or TraceId.SizeBytes) || spanId.Length is not (0 or SpanId.SizeBytes)) _brokenIds++;
    }

    /// <summary>A message field that comes several times is merged, which is what reading its joined bytes does. Each byte is copied once, however many parts there are.</summary>
    private void Join(int parts, WireReader first, WireReader next)
    {
        if (parts == 2)
        {
            _joined.Clear();
            _joined.AddRange(first.Rest);
        }
        _joined.AddRange(next.Rest);
    }
}
