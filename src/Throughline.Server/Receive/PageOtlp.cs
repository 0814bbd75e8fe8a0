namespace Throughline.Server.Receive;

/// <summary>
/// Where the page of this server sends the spans of itself: OTLP/HTTP for traces on the page's own port, since a page may not talk to another port without being allowed to (CORS, and <c>connect-src</c> of its
/// policy). Off unless the server was told to trace its page. Stateless.
/// </summary>
public static class PageOtlp
{
    /// <summary>What stands before the signal's own path.</summary>
    public const string Mount = "/otlp";

    /// <summary>Where spans are sent to, by POST.</summary>
    public static string Path { get; } = Mount + OtlpSignal.Traces.Path;

    /// <summary>Whether a request of the page's port is for it.</summary>
    public static bool Takes(PathString path) => path.StartsWithSegments(Mount, StringComparison.Ordinal);

    /// <summary>Answers a request of a server that does not trace its page.</summary>
    public static Task RefuseAsync(HttpContext context) =>
        OtlpHttpReceiver.WriteRefusalAsync(context, StatusCodes.Status404NotFound, "This server does not trace its page; --page-trace-rate 1 does. Other senders have the port of --otlp-http.");
}
