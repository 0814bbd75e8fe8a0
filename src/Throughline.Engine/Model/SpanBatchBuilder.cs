using System.Text;
using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Model;

/// <summary>
/// Makes a batch of spans in a program that uses the store as a library: the resource that they come from, then span after span, each with what belongs to it. Whoever makes it owns it; not
/// thread safe.
/// </summary>
public sealed class SpanBatchBuilder
{
    private readonly SpanBatch _batch = new();
    private int _resource = -1;
    private int _scope = -1;
    private Pending? _span;

    private readonly record struct Pending(TraceId TraceId, SpanId SpanId, SpanId Parent, string Name, DateTimeOffset Start, TimeSpan Duration, SpanKind Kind, SpanStatusCode Status, string Message);

    /// <summary>Begins a resource: the spans that follow come from this service.</summary>
    public SpanBatchBuilder Resource(string service, params ReadOnlySpan<(string Key, string Value)> attributes)
    {
        EndSpan();
        var resources = _batch.Resources;
        var name = Text(service.Length == 0 ? ResourceTable.UnknownService : service);
        if (service.Length > 0) resources.Attributes.Add(Text("service.name"), AttributeType.String, name);
        foreach (var (key, value) in attributes) resources.Attributes.Add(Text(key), AttributeType.String, Text(value));
        _resource = resources.Add(name, Text(""), 0);
        return this;
    }

    /// <summary>Begins a scope: the library that makes the spans that follow.</summary>
    public SpanBatchBuilder Scope(string name, string version = "")
    {
        EndSpan();
        _scope = _batch.Scopes.Add(Text(name), Text(version), Text(""), 0);
        return this;
    }

    /// <summary>Begins a span; what belongs to it follows. A <paramref name="parent"/> that is not valid says that it has none.</summary>
    /// <exception cref="ArgumentException">An id is all zero, or the start lies before 1970.</exception>
    public SpanBatchBuilder Span(TraceId trace, SpanId id, SpanId parent, string name, DateTimeOffset start, TimeSpan duration, SpanKind kind = SpanKind.Internal)
    {
        if (!trace.IsValid) throw new ArgumentException("A trace id is not all zero.", nameof(trace));
        if (!id.IsValid) throw new ArgumentException("A span id is not all zero.", nameof(id));
        ArgumentOutOfRangeException.ThrowIfLessThan(start, DateTimeOffset.UnixEpoch);
        EndSpan();
        if (_resource < 0) Resource("");
        if (_scope < 0) Scope("");
        _span = new Pending(trace, id, parent, name, start, duration, kind, SpanStatusCode.Unset, "");
        return this;
    }

    /// <summary>An attribute of the span: a text.</summary>
    public SpanBatchBuilder Attribute(string key, string value) => Attribute(key, AttributeType.String, Text(value));

    /// <summary>An attribute of the span: a whole number.</summary>
    public SpanBatchBuilder Attribute(string key, long value) => Attribute(key, AttributeType.Int, value);

    /// <summary>An attribute of the span: a number.</summary>
    public SpanBatchBuilder Attribute(string key, double value) => Attribute(key, AttributeType.Double, BitConverter.DoubleToInt64Bits(value));

    /// <summary>An attribute of the span: yes or no.</summary>
    public SpanBatchBuilder Attribute(string key, bool value) => Attribute(key, AttributeType.Bool, value ? 1 : 0);

    private SpanBatchBuilder Attribute(string key, AttributeType type, long value)
    {
        Current();
        _batch.Attributes.Add(Text(key), type, value);
        return this;
    }

    /// <summary>Something that happened during the span.</summary>
    public SpanBatchBuilder Event(string name, DateTimeOffset time, params ReadOnlySpan<(string Key, string Value)> attributes)
    {
        Current();
        foreach (var (key, value) in attributes) _batch.Events.Attributes.Add(Text(key), AttributeType.String, Text(value));
        _batch.Events.Add(UnixTime.Nano(time), Text(name), 0);
        return this;
    }

    /// <summary>Another span that this one has to do with.</summary>
    public SpanBatchBuilder Link(TraceId trace, SpanId span)
    {
        Current();
        _batch.Links.Add(trace, span.Value, Text(""), 0, 0);
        return this;
    }

    /// <summary>How the span ended.</summary>
    public SpanBatchBuilder Status(SpanStatusCode code, string message = "")
    {
        _span = Current() with { Status = code, Message = message };
        return this;
    }

    /// <summary>The batch. The builder's work is done: it gives the same batch to whoever asks again, and more may be added to it once no append of it is under way.</summary>
    public SpanBatch Build()
    {
        EndSpan();
        return _batch;
    }

    private Pending Current() => _span ?? throw new InvalidOperationException("There is no span yet that this could belong to.");

    private void EndSpan()
    {
        if (_span is not { } span) return;
        _span = null;
        var start = UnixTime.Nano(span.Start);
        _batch.TraceId.Add(span.TraceId);
        _batch.SpanId.Add(span.SpanId.Value);
        _batch.ParentSpanId.Add(span.Parent.Value);
        _batch.StartUnixNano.Add(start);
        _batch.EndUnixNano.Add(start + (ulong)(span.Duration.Ticks * 100));
        _batch.Name.Add(Text(span.Name));
        _batch.Kind.Add((int)span.Kind);
        _batch.Status.Add((int)span.Status);
        _batch.StatusMessage.Add(Text(span.Message));
        _batch.TraceState.Add(Text(""));
        _batch.Flags.Add(0);
        _batch.Resource.Add(_resource);
        _batch.Scope.Add(_scope);
        _batch.DroppedAttributes.Add(0);
        _batch.DroppedEvents.Add(0);
        _batch.DroppedLinks.Add(0);
        _batch.Marks.Add((byte)SpanMarks.None);
        _batch.EndRow();
    }


    /// <summary>A text's number; what UTF-16 cannot say is replaced, as everywhere in .NET.</summary>
    private int Text(string text) => _batch.Strings.GetOrAdd(Encoding.UTF8.GetBytes(text));
}
