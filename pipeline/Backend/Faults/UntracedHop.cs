using System.Diagnostics;
using System.Globalization;
using Throughline.Telemetry;

namespace Throughline.Pipeline.Backend.Faults;

/// <summary>
/// The fault <c>lost-propagation</c>: an HTTP client as somebody might build by hand, which makes a span for each request and forgets to send
/// its context along. The runtime's own propagation is switched off with its instrumentation. Thread-safe.
/// </summary>
internal sealed class UntracedHop(SpanSource spans) : DelegatingHandler(new SocketsHttpHandler { ActivityHeadersPropagator = null })
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var span = spans.Start("http_request", ActivityKind.Client);
        span?.SetTag("http.request.method", request.Method.Method).SetTag("url.full", request.RequestUri?.AbsoluteUri)
            .SetTag("server.address", request.RequestUri?.Host).SetTag("server.port", request.RequestUri?.Port);
        if (span is not null) OutgoingCall.CopyTags(request, span);
        try
        {
            var response = await base.SendAsync(request, cancellationToken);
            var status = (int)response.StatusCode;
            span?.SetTag("http.response.status_code", status);
            if (status >= 400) span.Fail(status.ToString(CultureInfo.InvariantCulture), response.ReasonPhrase ?? "");
            return response;
        }
        catch (Exception problem) when (problem is HttpRequestException or OperationCanceledException)
        {
            span.Fail(problem, OutgoingCall.ErrorType(request, problem));
            throw;
        }
    }
}
