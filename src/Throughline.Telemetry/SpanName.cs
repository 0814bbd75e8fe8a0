using Microsoft.AspNetCore.Builder;

namespace Throughline.Telemetry;

/// <summary>Endpoint metadata: the name of the server span of this endpoint, in place of method and route. Immutable.</summary>
public sealed record SpanName(string Value);

/// <summary>Naming the server span of an endpoint.</summary>
public static class SpanNameExtensions
{
    /// <summary>The server span of requests to this endpoint is named <paramref name="name"/>; the route stays in <c>http.route</c>.</summary>
    public static TBuilder WithSpanName<TBuilder>(this TBuilder endpoint, string name) where TBuilder : IEndpointConventionBuilder
    {
        endpoint.Add(builder => builder.Metadata.Add(new SpanName(name)));
        return endpoint;
    }
}
