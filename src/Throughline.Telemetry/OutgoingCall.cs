using System.Diagnostics;

namespace Throughline.Telemetry;

/// <summary>Attributes that the maker of an HTTP request wants on the span of that request.</summary>
public static class OutgoingCall
{
    private static readonly HttpRequestOptionsKey<List<KeyValuePair<string, object?>>> s_tags = new("Throughline.SpanTags");

    /// <summary>Sets an attribute on the client span that sending <paramref name="request"/> will make.</summary>
    public static HttpRequestMessage WithSpanTag(this HttpRequestMessage request, string key, object? value)
    {
        if (!request.Options.TryGetValue(s_tags, out var tags)) request.Options.Set(s_tags, tags = []);
        tags.Add(new(key, value));
        return request;
    }

    /// <summary>Sets the attributes on the span of the request, for a caller that makes this span itself.</summary>
    public static void CopyTags(HttpRequestMessage request, Activity span)
    {
        if (!request.Options.TryGetValue(s_tags, out var tags)) return;
        foreach (var (key, value) in tags) span.SetTag(key, value);
    }
}
