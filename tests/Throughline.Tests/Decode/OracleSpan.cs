using System.Text;
using Google.Protobuf;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;
using Throughline.Tests.Protos;
using ProtoSpan = Throughline.Tests.Protos.Span;

namespace Throughline.Tests.Decode;

/// <summary>
/// A span with the resource and scope that it came under, as Google.Protobuf's messages and in one normal form, so that what the engine read and what
/// the oracle read can be compared whole. Normal form: what says nothing is said by an empty message or by nothing (an empty value, a zero parent, an empty status).
/// </summary>
public sealed record OracleSpan(Resource Resource, string ResourceSchemaUrl, InstrumentationScope Scope, string ScopeSchemaUrl, ProtoSpan Span)
{
    /// <summary>The spans of a request that the oracle read, without those that OTLP refuses.</summary>
    public static List<OracleSpan> Of(ExportTraceServiceRequest request)
    {
        var spans = new List<OracleSpan>();
        foreach (var resourceSpans in request.Clone().ResourceSpans)
        {
            var resource = resourceSpans.Resource ?? new Resource();
            Normalize(resource.Attributes);
            foreach (var scopeSpans in resourceSpans.ScopeSpans)
            {
                var scope = scopeSpans.Scope ?? new InstrumentationScope();
                Normalize(scope.Attributes);
                foreach (var span in scopeSpans.Spans)
                {
                    if (!IsId(span.TraceId, 16) || !IsId(span.SpanId, 8)) continue;
                    Normalize(span);
                    spans.Add(new OracleSpan(resource, resourceSpans.SchemaUrl, scope, scopeSpans.SchemaUrl, span));
                }
            }
        }
        return spans.ConvertAll(WithoutUnknownFields);
    }

    /// <summary>The rows of a batch.</summary>
    public static List<OracleSpan> Of(SpanBatch batch)
    {
        var spans = new List<OracleSpan>();
        for (var row = 0; row < batch.RowCount; row++) spans.Add(Row(batch, row));
        return spans;
    }

    private static OracleSpan Row(SpanBatch batch, int row)
    {
        var (r, s) = (batch.Resource[row], batch.Scope[row]);
        var resource = new Resource { DroppedAttributesCount = batch.Resources.DroppedAttributes[r] };
        Add(resource.Attributes, batch, batch.Resources.Attributes, batch.Resources.AttributeOffset, r);
        var scope = new InstrumentationScope
        {
            Name = Text(batch, batch.Scopes.Name[s]), Version = Text(batch, batch.Scopes.Version[s]), DroppedAttributesCount = batch.Scopes.DroppedAttributes[s],
        };
        Add(scope.Attributes, batch, batch.Scopes.Attributes, batch.Scopes.AttributeOffset, s);
        var span = new ProtoSpan
        {
            TraceId = Trace(batch.TraceId[row]), SpanId = Id(batch.SpanId[row]), ParentSpanId = Id(batch.ParentSpanId[row]), TraceState = Text(batch, batch.TraceState[row]),
            Name = Text(batch, batch.Name[row]), Kind = (ProtoSpan.Types.SpanKind)batch.Kind[row], StartTimeUnixNano = batch.StartUnixNano[row],
            EndTimeUnixNano = batch.EndUnixNano[row], DroppedAttributesCount = batch.DroppedAttributes[row], DroppedEventsCount = batch.DroppedEvents[row],
            DroppedLinksCount = batch.DroppedLinks[row], Flags = batch.Flags[row],
            Status = new Status { Message = Text(batch, batch.StatusMessage[row]), Code = (Status.Types.StatusCode)batch.Status[row] },
        };
        Add(span.Attributes, batch, batch.Attributes, batch.AttributeOffset, row);
        for (var i = batch.EventOffset[row]; i < batch.EventOffset[row + 1]; i++) span.Events.Add(Event(batch, i));
        for (var i = batch.LinkOffset[row]; i < batch.LinkOffset[row + 1]; i++) span.Links.Add(Link(batch, i));
        return new OracleSpan(resource, Text(batch, batch.Resources.SchemaUrl[r]), scope, Text(batch, batch.Scopes.SchemaUrl[s]), span);
    }

    private static ProtoSpan.Types.Event Event(SpanBatch batch, int index)
    {
        var events = batch.Events;
        var result = new ProtoSpan.Types.Event
        {
            TimeUnixNano = events.TimeUnixNano[index], Name = Text(batch, events.Name[index]), DroppedAttributesCount = events.DroppedAttributes[index],
        };
        Add(result.Attributes, batch, events.Attributes, events.AttributeOffset, index);
        return result;
    }

    private static ProtoSpan.Types.Link Link(SpanBatch batch, int index)
    {
        var links = batch.Links;
        var result = new ProtoSpan.Types.Link
        {
            TraceId = Trace(links.TraceId[index]), SpanId = Id(links.SpanId[index]), TraceState = Text(batch, links.TraceState[index]), Flags = links.Flags[index],
            DroppedAttributesCount = links.DroppedAttributes[index],
        };
        Add(result.Attributes, batch, links.Attributes, links.AttributeOffset, index);
        return result;
    }

    private static void Add(ICollection<KeyValue> output, SpanBatch batch, AttributeColumns attributes, Column<int> offsets, int owner)
    {
        for (var i = offsets[owner]; i < offsets[owner + 1]; i++)
            output.Add(new KeyValue { Key = Text(batch, attributes.Key[i]), Value = Any(AttributeValue.Read(batch, attributes, i)) });
    }

    private static AnyValue Any(AttributeValue value)
    {
        switch (value.Type)
        {
            case AttributeType.Empty: return new AnyValue();
            case AttributeType.String: return new AnyValue { StringValue = value.Text };
            case AttributeType.Bool: return new AnyValue { BoolValue = value.Number != 0 };
            case AttributeType.Int: return new AnyValue { IntValue = value.Number };
            case AttributeType.Double: return new AnyValue { DoubleValue = BitConverter.Int64BitsToDouble(value.Number) };
            case AttributeType.Bytes: return new AnyValue { BytesValue = ByteString.CopyFrom(value.Bytes.Span) };
            case AttributeType.Array:
                var array = new ArrayValue();
                array.Values.AddRange(value.Items.Select(Any));
                return new AnyValue { ArrayValue = array };
            case AttributeType.KvList:
                var list = new KeyValueList();
                list.Values.AddRange(value.Items.Select((item, i) => new KeyValue { Key = value.Keys[i], Value = Any(item) }));
                return new AnyValue { KvlistValue = list };
            default: throw new InvalidOperationException($"type {value.Type}");
        }
    }

    private static string Text(SpanBatch batch, int id) => Encoding.UTF8.GetString(batch.Strings[id]);

    private static ByteString Trace(TraceId id)
    {
        if (!id.IsValid) return ByteString.Empty;
        var bytes = new byte[16];
        id.CopyTo(bytes);
        return ByteString.CopyFrom(bytes);
    }

    private static ByteString Id(ulong id)
    {
        if (id == 0) return ByteString.Empty;
        var bytes = new byte[8];
        new SpanId(id).CopyTo(bytes);
        return ByteString.CopyFrom(bytes);
    }

    private static bool IsId(ByteString id, int length) => id.Length == length && id.Any(b => b != 0);

    private static void Normalize(ProtoSpan span)
    {
        if (!IsId(span.ParentSpanId, 8)) span.ParentSpanId = ByteString.Empty;
        span.Status ??= new Status();
        Normalize(span.Attributes);
        foreach (var e in span.Events) Normalize(e.Attributes);
        foreach (var link in span.Links)
        {
            if (!IsId(link.TraceId, 16)) link.TraceId = ByteString.Empty;
            if (!IsId(link.SpanId, 8)) link.SpanId = ByteString.Empty;
            Normalize(link.Attributes);
        }
    }

    private static void Normalize(IEnumerable<KeyValue> attributes)
    {
        foreach (var attribute in attributes)
        {
            attribute.Value ??= new AnyValue();
            Normalize(attribute.Value);
        }
    }

    private static void Normalize(AnyValue value)
    {
        if (value.ValueCase == AnyValue.ValueOneofCase.KvlistValue) Normalize(value.KvlistValue.Values);
        if (value.ValueCase != AnyValue.ValueOneofCase.ArrayValue) return;
        foreach (var item in value.ArrayValue.Values) Normalize(item);
    }

    /// <summary>Messages compare their unknown fields too; parsing them anew without is the one way to drop them at every level.</summary>
    private static OracleSpan WithoutUnknownFields(OracleSpan span) => span with
    {
        Resource = Resource.Parser.WithDiscardUnknownFields(true).ParseFrom(span.Resource.ToByteArray()),
        Scope = InstrumentationScope.Parser.WithDiscardUnknownFields(true).ParseFrom(span.Scope.ToByteArray()),
        Span = ProtoSpan.Parser.WithDiscardUnknownFields(true).ParseFrom(span.Span.ToByteArray()),
    };
}
