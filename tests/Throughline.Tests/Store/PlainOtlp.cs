using System.Buffers.Binary;
using System.Text;
using Throughline.Engine.Model;

namespace Throughline.Tests.Store;

/// <summary>Writes plain spans as an OTLP request in protobuf, without any of the engine's code.</summary>
internal static class PlainOtlp
{
    /// <summary>One ResourceSpans and ScopeSpans per span: order is kept, and the engine has to join equal resources itself.</summary>
    public static byte[] Request(IEnumerable<PlainSpan> spans)
    {
        var request = new Message();
        foreach (var span in spans)
        {
            var scopeSpans = new Message().Embed(1, Scope(span.Scope)).Embed(2, Span(span)).Text(3, span.Scope.SchemaUrl);
            request.Embed(1, new Message().Embed(1, Attributes(new Message(), 1, span.Resource.Attributes).Number(2, span.Resource.Dropped)).Embed(2, scopeSpans).Text(3, span.Resource.SchemaUrl));
        }
        return request.ToArray();
    }

    /// <summary>The same of log records.</summary>
    public static byte[] Request(IEnumerable<Logs.PlainLog> logs)
    {
        var request = new Message();
        foreach (var log in logs)
        {
            var scopeLogs = new Message().Embed(1, Scope(log.Scope)).Embed(2, Log(log)).Text(3, log.Scope.SchemaUrl);
            request.Embed(1, new Message().Embed(1, Attributes(new Message(), 1, log.Resource.Attributes).Number(2, log.Resource.Dropped)).Embed(2, scopeLogs).Text(3, log.Resource.SchemaUrl));
        }
        return request.ToArray();
    }

    private static Message Log(Logs.PlainLog log)
    {
        var message = new Message().Fixed64(1, log.Time).Number(2, (ulong)log.Severity).Text(3, log.SeverityText);
        if (log.Body.Type != AttributeType.Empty) message.Embed(5, Value(log.Body));
        Attributes(message, 6, log.Attributes).Number(7, log.Dropped).Fixed32(8, log.Flags);
        if (log.TraceId.IsValid) message.Bytes(9, Id(log.TraceId));
        if (log.SpanId != 0) message.Bytes(10, Id(log.SpanId));
        return message.Fixed64(11, log.Observed).Text(12, log.EventName);
    }

    private static Message Scope(PlainScope scope) => Attributes(new Message().Text(1, scope.Name).Text(2, scope.Version), 3, scope.Attributes).Number(4, scope.Dropped);

    private static Message Span(PlainSpan span)
    {
        var message = new Message().Bytes(1, Id(span.TraceId)).Bytes(2, Id(span.SpanId)).Text(3, span.TraceState);
        if (span.ParentSpanId != 0) message.Bytes(4, Id(span.ParentSpanId));
        message.Text(5, span.Name).Number(6, (ulong)span.Kind).Fixed64(7, span.Start).Fixed64(8, span.End);
        Attributes(message, 9, span.Attributes).Number(10, span.DroppedAttributes);
        foreach (var e in span.Events) message.Embed(11, Attributes(new Message().Fixed64(1, e.Time).Text(2, e.Name), 3, e.Attributes).Number(4, e.Dropped));
        message.Number(12, span.DroppedEvents);
        foreach (var l in span.Links)
            message.Embed(13, Attributes(new Message().Bytes(1, Id(l.TraceId)).Bytes(2, Id(l.SpanId)).Text(3, l.TraceState), 4, l.Attributes).Number(5, l.Dropped).Fixed32(6, l.Flags));
        return message.Number(14, span.DroppedLinks).Embed(15, new Message().Text(2, span.StatusMessage).Number(3, (ulong)span.Status)).Fixed32(16, span.Flags);
    }

    private static Message Attributes(Message message, int field, PlainAttribute[] attributes)
    {
        foreach (var a in attributes) message.Embed(field, new Message().Text(1, a.Key).Embed(2, Value(a.Value)));
        return message;
    }

    private static Message Value(PlainValue value)
    {
        var message = new Message();
        switch (value.Type)
        {
            case AttributeType.String: return message.Bytes(1, Encoding.UTF8.GetBytes(value.Text));
            case AttributeType.Bool: return message.NumberAlways(2, (ulong)value.Number);
            case AttributeType.Int: return message.NumberAlways(3, (ulong)value.Number);
            case AttributeType.Double: return message.Fixed64(4, (ulong)value.Number);
            case AttributeType.Bytes: return message.Bytes(7, value.Bytes);
            case AttributeType.Array:
                var array = new Message();
                foreach (var item in value.Items) array.Embed(1, Value(item));
                return message.Embed(5, array);
            case AttributeType.KvList:
                var list = new Message();
                for (var i = 0; i < value.Items.Length; i++) list.Embed(1, new Message().Text(1, value.Keys[i]).Embed(2, Value(value.Items[i])));
                return message.Embed(6, list);
            default: return message;
        }
    }

    private static byte[] Id(ulong id)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, id);
        return bytes;
    }

    private static byte[] Id(TraceId id) => [.. Id(id.High), .. Id(id.Low)];

    private sealed class Message
    {
        private readonly List<byte> _bytes = [];

        public byte[] ToArray() => [.. _bytes];

        public Message Embed(int field, Message inner) => Bytes(field, [.. inner._bytes]);

        public Message Text(int field, string text) => text.Length == 0 ? this : Bytes(field, Encoding.UTF8.GetBytes(text));

        public Message Number(int field, ulong value) => value == 0 ? this : NumberAlways(field, value);

        public Message NumberAlways(int field, ulong value)
        {
            Varint((ulong)field << 3);
            Varint(value);
            return this;
        }

        public Message Bytes(int field, byte[] bytes)
        {
            Varint(((ulong)field << 3) | 2);
            Varint((ulong)bytes.Length);
            _bytes.AddRange(bytes);
            return this;
        }

        public Message Fixed64(int field, ulong value)
        {
            Varint(((ulong)field << 3) | 1);
            _bytes.AddRange(BitConverter.GetBytes(value));
            return this;
        }

        public Message Fixed32(int field, uint value)
        {
            Varint(((ulong)field << 3) | 5);
            _bytes.AddRange(BitConverter.GetBytes(value));
            return this;
        }

        private void Varint(ulong value)
        {
            for (; value >= 0x80; value >>= 7) _bytes.Add((byte)(value | 0x80));
            _bytes.Add((byte)value);
        }
    }
}
