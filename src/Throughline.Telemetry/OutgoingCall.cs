using System.Diagnostics;
using System.Net.Sockets;
using OpenTelemetry;

namespace Throughline.Telemetry;

/// <summary>Attributes that the maker of an HTTP request wants on the span of that request.</summary>
public static class OutgoingCall
{
    private const string Cancellation = "Throughline.CancellationError", Failure = "Throughline.Failure";

    private static readonly string?[] s_cancelled = [typeof(TaskCanceledException).FullName, typeof(OperationCanceledException).FullName];
    private static readonly HttpRequestOptionsKey<Func<string>> s_cancellation = new(Cancellation);
    private static readonly HttpRequestOptionsKey<List<KeyValuePair<string, object?>>> s_tags = new("Throughline.SpanTags");

    /// <summary>Sets an attribute on the client span that sending <paramref name="request"/> will make.</summary>
    public static HttpRequestMessage WithSpanTag(this HttpRequestMessage request, string key, object? value)
    {
        if (!request.Options.TryGetValue(s_tags, out var tags)) request.Options.Set(s_tags, tags = []);
        tags.Add(new(key, value));
        return request;
    }

    /// <summary>
    /// What <c>error.type</c> of the request's span says when it is cancelled, asked for at that moment: only the maker knows whether its time was
    /// over (<c>timeout</c>) or nobody wants the answer any more. Unset, it is the exception's type.
    /// </summary>
    public static HttpRequestMessage WithCancellationError(this HttpRequestMessage request, Func<string> errorType)
    {
        request.Options.Set(s_cancellation, errorType);
        return request;
    }

    /// <summary>Whether nobody listens where the request went: <c>connection_refused</c>.</summary>
    public static bool IsRefused(HttpRequestException problem) => problem.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused };

    /// <summary>The short word for how a request ended in this exception; null where its type says it best.</summary>
    public static string? ErrorType(HttpRequestMessage request, Exception problem) => problem switch
    {
        OperationCanceledException => request.Options.TryGetValue(s_cancellation, out var errorType) ? errorType() : null,
        HttpRequestException http when IsRefused(http) => "connection_refused",
        _ => null,
    };

    /// <summary>Remembers on a client span whose request it is, for its end.</summary>
    internal static void Begin(Activity span, HttpRequestMessage request)
    {
        CopyTags(request, span);
        if (request.Options.TryGetValue(s_cancellation, out var errorType)) span.SetCustomProperty(Cancellation, errorType);
    }

    /// <summary>
    /// Remembers the short word for a failure. The runtime puts the exception itself on the span, and sets its own <c>error.type</c>, after this; so
    /// the exception is not recorded here, and ours is set at the end.
    /// </summary>
    internal static void Fail(Activity span, Exception problem)
    {
        if (problem is HttpRequestException http && IsRefused(http)) span.SetCustomProperty(Failure, "connection_refused");
    }

    /// <summary>Sets the attributes on the span of the request, for a caller that makes this span itself.</summary>
    public static void CopyTags(HttpRequestMessage request, Activity span)
    {
        if (!request.Options.TryGetValue(s_tags, out var tags)) return;
        foreach (var (key, value) in tags) span.SetTag(key, value);
    }

    /// <summary>
    /// Puts the short word for a failure on a client span that ends. The instrumentation is not told of a cancelled request, which is known by the
    /// <c>error.type</c> that the runtime sets alone. Owned by the tracer provider; thread-safe.
    /// </summary>
    internal sealed class ErrorTypes : BaseProcessor<Activity>
    {
        public override void OnEnd(Activity data)
        {
            if (data.Kind != ActivityKind.Client || data.Status != ActivityStatusCode.Error) return;
            if (data.GetCustomProperty(Failure) is string failure) data.SetTag("error.type", failure);
            else if (data.GetCustomProperty(Cancellation) is Func<string> errorType
                && data.GetTagItem("error.type") is string type && s_cancelled.Contains(type))
                data.SetTag("error.type", errorType());
        }
    }
}
