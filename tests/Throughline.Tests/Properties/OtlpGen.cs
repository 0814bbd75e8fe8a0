using CsCheck;
using Google.Protobuf;
using Throughline.Tests.Protos;
using ProtoSpan = Throughline.Tests.Protos.Span;

namespace Throughline.Tests.Properties;

/// <summary>Requests with everything that OTLP can say about spans, often the same things again, as real senders do.</summary>
public static class OtlpGen
{
    private static readonly Gen<string> Word = Gen.OneOf(
        Gen.OneOf("service.name", "http.request.method", "a", "", "GET", "hsi-backend", "true", "Zürich", "日本語", "🚀 naïve", "\0", "line\nbreak \"quoted\" \\ /", "\u007f\u0080\uffff"),
        Gen.Char[' ', '~'].Array[0, 40].Select(chars => new string(chars)),
        Gen.Char['\u00a0', '\u04ff'].Array[0, 12].Select(chars => new string(chars)),
        Gen.Char['x', 'z'].Array[100, 300].Select(chars => new string(chars)));

    private static readonly Gen<ByteString> Blob = Gen.Byte.Array[0, 40].Select(bytes => ByteString.CopyFrom(bytes));

    private static readonly Gen<ulong> Number = Gen.OneOf(Gen.OneOf(0ul, 1ul, 127ul, 128ul, (ulong)long.MaxValue, 1ul << 63, ulong.MaxValue), Gen.ULong,
        Gen.ULong[1_795_219_200_000_000_000, 1_795_219_300_000_000_000]);

    private static readonly Gen<uint> Count = Gen.Frequency((4, Gen.Const(0u)), (1, Gen.UInt[0, 300]), (1, Gen.UInt));

    private static readonly Gen<double> Double = Gen.OneOf(Gen.Double,
        Gen.OneOf(0, -0.0, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, double.MaxValue, 1.5, 1e21, BitConverter.Int64BitsToDouble(0x7FF0000000000001)));

    private static readonly Gen<AnyValue> Scalar = Gen.OneOf(
        Word.Select(text => new AnyValue { StringValue = text }),
        Gen.Bool.Select(value => new AnyValue { BoolValue = value }),
        Number.Select(value => new AnyValue { IntValue = (long)value }),
        Double.Select(value => new AnyValue { DoubleValue = value }),
        Blob.Select(bytes => new AnyValue { BytesValue = bytes }),
        Gen.Const(() => new AnyValue()));

    private static readonly Gen<KeyValue>[] KeyValues = BuildKeyValues(4);

    private static readonly Gen<KeyValue[]> Attributes = KeyValues[^1].Array[0, 6];

    private static readonly Gen<ByteString> TraceId = Gen.Frequency(
        (30, Gen.Byte[0, 3].Array[16].Select(bytes => ByteString.CopyFrom(bytes))), (1, Gen.Byte.Array[0, 20].Select(bytes => ByteString.CopyFrom(bytes))));

    private static readonly Gen<ByteString> SpanId = Gen.Frequency(
        (30, Gen.Byte.Array[8].Select(bytes => ByteString.CopyFrom(bytes))), (1, Gen.Byte.Array[0, 12].Select(bytes => ByteString.CopyFrom(bytes))),
        (1, Gen.Const(ByteString.CopyFrom(new byte[8]))));

    private static readonly Gen<ByteString> ParentId = Gen.Frequency((1, Gen.Const(ByteString.Empty)), (3, SpanId));

    private static readonly Gen<ProtoSpan.Types.Event> Event = Gen.Select(Number, Word, Attributes, Count, (time, name, attributes, dropped) =>
        new ProtoSpan.Types.Event { TimeUnixNano = time, Name = name, Attributes = { attributes }, DroppedAttributesCount = dropped });

    private static readonly Gen<ProtoSpan.Types.Link> Link = Gen.Select(TraceId, SpanId, Word, Attributes, Count, Count, (trace, span, state, attributes, dropped, flags) =>
        new ProtoSpan.Types.Link { TraceId = trace, SpanId = span, TraceState = state, Attributes = { attributes }, DroppedAttributesCount = dropped, Flags = flags });

    private static readonly Gen<Status?> Status = Gen.OneOf(Gen.Const((Status?)null),
        Gen.Select(Word, Gen.Int[-1, 4], (message, code) => (Status?)new Status { Message = message, Code = (Status.Types.StatusCode)code }));

    private static readonly Gen<ProtoSpan> Ids = Gen.Select(TraceId, SpanId, ParentId, Word, Word, Gen.OneOf(Gen.Int[0, 5], Gen.Int), Number, Number,
        (trace, span, parent, state, name, kind, start, end) => new ProtoSpan
        {
            TraceId = trace, SpanId = span, ParentSpanId = parent, TraceState = state, Name = name, Kind = (ProtoSpan.Types.SpanKind)kind, StartTimeUnixNano = start, EndTimeUnixNano = end,
        });

    private static readonly Gen<ProtoSpan> Span = Gen.Select(Ids, Attributes, Event.Array[0, 3], Link.Array[0, 3], Status, Count.Array[4], (ids, attributes, events, links, status, counts) =>
    {
        var span = ids.Clone();
        span.Attributes.Add(attributes);
        span.Events.Add(events);
        span.Links.Add(links);
        span.Status = status;
        (span.DroppedAttributesCount, span.DroppedEventsCount, span.DroppedLinksCount, span.Flags) = (counts[0], counts[1], counts[2], counts[3]);
        return span;
    });

    private static readonly Gen<InstrumentationScope?> Scope = Gen.OneOf(Gen.Const((InstrumentationScope?)null), Gen.Select(Word, Word, Attributes, Count,
        (name, version, attributes, dropped) => (InstrumentationScope?)new InstrumentationScope { Name = name, Version = version, Attributes = { attributes }, DroppedAttributesCount = dropped }));

    private static readonly Gen<Resource?> Resource = Gen.OneOf(Gen.Const((Resource?)null), Gen.Select(Attributes, Count,
        (attributes, dropped) => (Resource?)new Resource { Attributes = { attributes }, DroppedAttributesCount = dropped }));

    private static readonly Gen<string> SchemaUrl = Gen.OneOf(Gen.Const(""), Word);

    private static readonly Gen<ScopeSpans> ScopeSpans = Gen.Select(Scope, Span.Array[0, 4], SchemaUrl,
        (scope, spans, url) => new ScopeSpans { Scope = scope, Spans = { spans }, SchemaUrl = url });

    private static readonly Gen<ResourceSpans> ResourceSpans = Gen.Select(Resource, ScopeSpans.Array[0, 3], SchemaUrl,
        (resource, scopes, url) => new ResourceSpans { Resource = resource, ScopeSpans = { scopes }, SchemaUrl = url });

    /// <summary>A request; its resources and scopes come again now and then.</summary>
    public static readonly Gen<ExportTraceServiceRequest> Request = Gen.Select(ResourceSpans.Array[0, 3], Gen.Bool, (parts, again) =>
    {
        var request = new ExportTraceServiceRequest { ResourceSpans = { parts } };
        if (again) request.ResourceSpans.Add(parts.Select(part => part.Clone()));
        return request;
    });

    /// <summary>A request that is short enough to be cut at every byte.</summary>
    public static readonly Gen<ExportTraceServiceRequest> SmallRequest = Request.Where(request => request.CalculateSize() is > 300 and < 900);

    private static readonly Gen<AnyValue?> Body = Gen.OneOf(Gen.Const((AnyValue?)null), Word.Select(text => (AnyValue?)new AnyValue { StringValue = text }), KeyValues[^1].Select(pair => (AnyValue?)pair.Value));

    private static readonly Gen<LogRecord> LogRecord = Gen.Select(Gen.Select(Number, Number, Gen.OneOf(Gen.Int[0, 24], Gen.Int), Word), Body, Attributes, Gen.Select(TraceId, ParentId, Word), Count.Array[2], (head, body, attributes, ids, counts) =>
    {
        var record = new LogRecord
        {
            TimeUnixNano = head.Item1, ObservedTimeUnixNano = head.Item2, SeverityNumber = head.Item3, SeverityText = head.Item4, Attributes = { attributes },
            TraceId = ids.Item1, SpanId = ids.Item2, EventName = ids.Item3, DroppedAttributesCount = counts[0], Flags = counts[1],
        };
        if (body is not null) record.Body = body;
        return record;
    });

    /// <summary>A request with log records.</summary>
    public static readonly Gen<ExportLogsServiceRequest> LogRequest = Gen.Select(
        Gen.Select(Resource, Gen.Select(Scope, LogRecord.Array[0, 4], SchemaUrl, (scope, records, url) => new ScopeLogs { Scope = scope, LogRecords = { records }, SchemaUrl = url }).Array[0, 3], SchemaUrl,
            (resource, scopes, url) => new ResourceLogs { Resource = resource, ScopeLogs = { scopes }, SchemaUrl = url }).Array[0, 3],
        parts => new ExportLogsServiceRequest { ResourceLogs = { parts } });

    private static Gen<KeyValue>[] BuildKeyValues(int depth)
    {
        var levels = new List<Gen<KeyValue>>();
        var any = Scalar;
        for (var level = 0; level <= depth; level++)
        {
            var value = any;
            var keyValue = Gen.Select(Word, Gen.Frequency((20, value.Select(v => (AnyValue?)v)), (1, Gen.Const((AnyValue?)null))), (key, v) => new KeyValue { Key = key, Value = v });
            levels.Add(keyValue);
            any = Gen.Frequency((6, Scalar),
                (1, value.Array[0, 4].Select(items => new AnyValue { ArrayValue = new ArrayValue { Values = { items } } })),
                (1, keyValue.Array[0, 4].Select(items => new AnyValue { KvlistValue = new KeyValueList { Values = { items } } })));
        }
        return [.. levels];
    }
}
