using System.Globalization;
using System.Text;
using Throughline.Engine.Model;

namespace Throughline.Tests.Store;

/// <summary>A span as a plain object, the way the tests think of it. Two spans are the same when their <see cref="Content"/> is.</summary>
internal sealed record PlainSpan
{
    private string? _content;

    public required TraceId TraceId { get; init; }
    public required ulong SpanId { get; init; }
    public ulong ParentSpanId { get; init; }
    public ulong Start { get; init; }
    public ulong End { get; init; }
    public string Name { get; init; } = "";
    public int Kind { get; init; }
    public int Status { get; init; }
    public string StatusMessage { get; init; } = "";
    public string TraceState { get; init; } = "";
    public uint Flags { get; init; }
    public uint DroppedAttributes { get; init; }
    public uint DroppedEvents { get; init; }
    public uint DroppedLinks { get; init; }
    public PlainAttribute[] Attributes { get; init; } = [];
    public PlainEvent[] Events { get; init; } = [];
    public PlainLink[] Links { get; init; } = [];
    public PlainResource Resource { get; init; } = PlainResource.Empty;
    public PlainScope Scope { get; init; } = PlainScope.Empty;

    /// <summary>Everything that OTLP said about the span, in one text.</summary>
    public string Content => _content ??= Describe();

    public override string ToString() => Content;

    private string Describe()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{TraceId}/{SpanId:x16}<{ParentSpanId:x16} [{Start},{End}] {Plain.Text(Name)} k{Kind} s{Status} {Plain.Text(StatusMessage)} ts{Plain.Text(TraceState)} ");
        text.Append(CultureInfo.InvariantCulture, $"f{Flags} d{DroppedAttributes},{DroppedEvents},{DroppedLinks} {Plain.List(Attributes)}");
        foreach (var e in Events) text.Append(CultureInfo.InvariantCulture, $" event({e.Time} {Plain.Text(e.Name)} {e.Dropped} {Plain.List(e.Attributes)})");
        foreach (var l in Links) text.Append(CultureInfo.InvariantCulture, $" link({l.TraceId} {l.SpanId:x16} {Plain.Text(l.TraceState)} {l.Flags} {l.Dropped} {Plain.List(l.Attributes)})");
        text.Append(CultureInfo.InvariantCulture, $" resource({Plain.List(Resource.Attributes)} {Resource.Dropped} {Plain.Text(Resource.SchemaUrl)})");
        text.Append(CultureInfo.InvariantCulture, $" scope({Plain.Text(Scope.Name)} {Plain.Text(Scope.Version)} {Plain.List(Scope.Attributes)} {Scope.Dropped} {Plain.Text(Scope.SchemaUrl)})");
        return text.ToString();
    }
}

internal sealed record PlainAttribute(string Key, PlainValue Value);

internal sealed record PlainEvent(ulong Time, string Name, uint Dropped, PlainAttribute[] Attributes);

internal sealed record PlainLink(TraceId TraceId, ulong SpanId, string TraceState, uint Flags, uint Dropped, PlainAttribute[] Attributes);

internal sealed record PlainScope(string Name, string Version, string SchemaUrl, uint Dropped, PlainAttribute[] Attributes)
{
    public static PlainScope Empty { get; } = new("", "", "", 0, []);
}

internal sealed record PlainResource(PlainAttribute[] Attributes, uint Dropped, string SchemaUrl)
{
    public static PlainResource Empty { get; } = new([], 0, "");

    /// <summary>A resource of a service and nothing else.</summary>
    public static PlainResource Of(string service) => new([new("service.name", PlainValue.Of(service))], 0, "");

    public string Service => Attributes.FirstOrDefault(a => a.Key == "service.name" && a.Value is { Type: AttributeType.String, Text: not "" })?.Value.Text ?? "unknown_service";
}

/// <summary>An attribute value. <see cref="Number"/>: the bool, the int, or the double's bits.</summary>
internal sealed record PlainValue(AttributeType Type, string Text, long Number, byte[] Bytes, PlainValue[] Items, string[] Keys)
{
    public static PlainValue Empty { get; } = new(AttributeType.Empty, "", 0, [], [], []);
    public static PlainValue Of(string text) => Empty with { Type = AttributeType.String, Text = text };
    public static PlainValue Of(bool value) => Empty with { Type = AttributeType.Bool, Number = value ? 1 : 0 };
    public static PlainValue Of(long value) => Empty with { Type = AttributeType.Int, Number = value };
    public static PlainValue Of(double value) => Empty with { Type = AttributeType.Double, Number = BitConverter.DoubleToInt64Bits(value) };
    public static PlainValue Of(byte[] bytes) => Empty with { Type = AttributeType.Bytes, Bytes = bytes };
    public static PlainValue Array(params PlainValue[] items) => Empty with { Type = AttributeType.Array, Items = items };
    public static PlainValue KvList(string[] keys, PlainValue[] items) => Empty with { Type = AttributeType.KvList, Keys = keys, Items = items };

    public override string ToString() => Type switch
    {
        AttributeType.String => Plain.Text(Text),
        AttributeType.Bytes => "bytes:" + Convert.ToHexString(Bytes),
        AttributeType.Array => $"[{string.Join(", ", Items.Select(i => i.ToString()))}]",
        AttributeType.KvList => $"{{{string.Join(", ", Items.Select((v, i) => $"{Plain.Text(Keys[i])}={v}"))}}}",
        AttributeType.Empty => "empty",
        _ => $"{Type}:{Number.ToString(CultureInfo.InvariantCulture)}",
    };
}

internal static class Plain
{
    public static string Text(string text) => $"{text.Length.ToString(CultureInfo.InvariantCulture)}'{text}'";

    public static string List(PlainAttribute[] attributes) => $"({string.Join(", ", attributes.Select(a => $"{Text(a.Key)}={a.Value}"))})";
}
