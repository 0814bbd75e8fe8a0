using System.Globalization;
using Throughline.Engine.Logs;
using Throughline.Engine.Model;
using Throughline.Tests.Store;

namespace Throughline.Tests.Logs;

/// <summary>A log record as a plain object, the way the tests think of it. Two are the same when their <see cref="Content"/> is.</summary>
internal sealed record PlainLog
{
    public ulong Time { get; init; }
    public ulong Observed { get; init; }
    public TraceId TraceId { get; init; }
    public ulong SpanId { get; init; }
    public int Severity { get; init; }
    public string SeverityText { get; init; } = "";
    public PlainValue Body { get; init; } = PlainValue.Empty;
    public string EventName { get; init; } = "";
    public uint Flags { get; init; }
    public uint Dropped { get; init; }
    public PlainAttribute[] Attributes { get; init; } = [];
    public PlainResource Resource { get; init; } = PlainResource.Empty;
    public PlainScope Scope { get; init; } = PlainScope.Empty;

    /// <summary>The body as it is searched and shown.</summary>
    public string Text => Body.Type switch
    {
        AttributeType.String => Body.Text,
        AttributeType.Int => Body.Number.ToString(CultureInfo.InvariantCulture),
        AttributeType.Bool => Body.Number != 0 ? "true" : "false",
        _ => "",
    };

    /// <summary>Everything that OTLP said about it.</summary>
    public string Content => string.Create(CultureInfo.InvariantCulture,
        $"{Time} {Observed} {TraceId}/{SpanId:x16} s{Severity} {Plain.Text(SeverityText)} {Body.Type}:{Plain.Text(Text)} e{Plain.Text(EventName)} f{Flags} d{Dropped} {Plain.List(Attributes)} resource({Plain.List(Resource.Attributes)} {Resource.Dropped} {Plain.Text(Resource.SchemaUrl)}) scope({Plain.Text(Scope.Name)} {Plain.Text(Scope.Version)} {Plain.List(Scope.Attributes)} {Scope.Dropped} {Plain.Text(Scope.SchemaUrl)})");

    public override string ToString() => Content;

    /// <summary>The content of an entry.</summary>
    public static string ContentOf(LogEntry e) => string.Create(CultureInfo.InvariantCulture,
        $"{e.TimeUnixNano} {e.ObservedUnixNano} {e.TraceId}/{e.SpanId.Value:x16} s{e.SeverityNumber} {Plain.Text(e.SeverityText)} {e.BodyType}:{Plain.Text(e.Body)} e{Plain.Text(e.EventName)} f{e.Flags} d{e.DroppedAttributes} {List(e.Attributes)} resource({List(e.Resource.Attributes)} {e.Resource.DroppedAttributes} {Plain.Text(e.Resource.SchemaUrl)}) scope({Plain.Text(e.Scope.Name)} {Plain.Text(e.Scope.Version)} {List(e.Scope.Attributes)} {e.Scope.DroppedAttributes} {Plain.Text(e.Scope.SchemaUrl)})");

    private static string List(IReadOnlyList<LogAttribute> attributes) => Plain.List([.. attributes.Select(a => new PlainAttribute(a.Key, Value(a.Value)))]);

    private static PlainValue Value(AttributeValue v) => new(v.Type, v.Text, v.Number, v.Bytes.ToArray(), [.. v.Items.Select(Value)], [.. v.Keys]);
}

/// <summary>A record as the store should have it: with its number and the time that it is ordered by.</summary>
internal sealed record StoredLog(PlainLog Log, ulong At, ulong Sequence)
{
    /// <summary>All of it in one text.</summary>
    public string Content => $"{At} #{Sequence} {Log.Content}";

    /// <summary>The same of an entry.</summary>
    public static string ContentOf(LogEntry entry) => $"{entry.AtUnixNano} #{entry.Sequence} {PlainLog.ContentOf(entry)}";
}
