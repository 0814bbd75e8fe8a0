using Throughline.Engine.Model;
using Throughline.Engine.Query.Plan;

namespace Throughline.Server.Api.Jaeger;

/// <summary>
/// What Jaeger's tags mean here. Jaeger shows a span's kind, status and scope as tags beside its attributes, and lets users search by them; we keep them as what they are.
/// </summary>
internal static class JaegerTags
{
    private static readonly string[] Kinds = ["", "internal", "server", "client", "producer", "consumer"];

    /// <summary>Jaeger's word for a kind; empty when the span has none.</summary>
    internal static string KindName(int kind) => kind > 0 && kind < Kinds.Length ? Kinds[kind] : "";

    /// <summary>The kind that Jaeger's word stands for; null when it is none.</summary>
    internal static SpanKind? KindOf(string name)
    {
        var index = Array.FindIndex(Kinds, k => k.Equals(name, StringComparison.OrdinalIgnoreCase));
        return index < 0 ? null : (SpanKind)index;
    }

    /// <summary>The condition that a span has the tag.</summary>
    internal static SpanPredicate Condition(string key, string value) => key switch
    {
        "error" when value == "true" => new SpanPredicate.IsError(),
        "error" when value == "false" => new SpanPredicate.Not(new SpanPredicate.IsError()),
        "span.kind" when KindOf(value) is { } kind => new SpanPredicate.KindIs([kind]),
        "otel.status_code" when value.Equals("ERROR", StringComparison.OrdinalIgnoreCase) => new SpanPredicate.StatusIs([SpanStatusCode.Error]),
        "otel.status_code" when value.Equals("OK", StringComparison.OrdinalIgnoreCase) => new SpanPredicate.StatusIs([SpanStatusCode.Ok]),
        "otel.status_description" => new SpanPredicate.TextIs(SpanTextField.StatusMessage, [value]),
        "otel.scope.name" or "otel.scope.version" or "otel.library.name" or "otel.library.version" or "w3c.tracestate" =>
            throw new JaegerRequestException(new JaegerError(StatusCodes.Status400BadRequest, $"traces cannot be searched by '{key}' here; it is shown, but not indexed")),
        _ => new SpanPredicate.Attribute(AttributeScope.Any, key, AttributeOperator.Equal, new AttributeLiteral(value, IsString: false)),
    };
}
