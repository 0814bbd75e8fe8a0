using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Throughline.Engine.Wal;
using Throughline.Server.Configuration;

namespace Throughline.Server.Forward;

/// <summary>
/// OTLP over HTTP, protobuf. What only the target's operator can mend (a wrong path, a missing token) is tried again, so that nothing is lost while it is mended. Thread safe; ends the connections
/// that it was given.
/// </summary>
internal sealed class OtlpHttpForward(ForwardOptions options, Uri target, HttpMessageInvoker connection, TimeProvider time) : IForwardClient
{
    private readonly string _base = target.AbsoluteUri.TrimEnd('/');

    public Task<ForwardReply> SendAsync(WalSignal signal, ReadOnlyMemory<byte> request, CancellationToken cancellationToken) =>
        ForwardRequest.AttemptAsync(options, time, cancellationToken, stop => AttemptAsync(signal, request, stop));

    public void Dispose() => connection.Dispose();

    private async Task<ForwardReply> AttemptAsync(WalSignal signal, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _base + ForwardSignals.PathOf(signal)) { Content = new ReadOnlyMemoryContent(ForwardRequest.Compress(options, body)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
        if (options.Compress) request.Content.Headers.ContentEncoding.Add("gzip");
        ForwardRequest.AddHeaders(request, options);
        using var response = await connection.SendAsync(request, cancellationToken);
        var answer = await ForwardRequest.ReadAsync(response.Content, cancellationToken);
        if (response.IsSuccessStatusCode) return ForwardReplyReader.Delivered(answer);
        var isProtobuf = response.Content.Headers.ContentType?.MediaType == "application/x-protobuf";
        var (said, _) = isProtobuf ? ForwardReplyReader.Status(answer) : (Encoding.UTF8.GetString(answer), null);
        var message = $"HTTP {(int)response.StatusCode} from {request.RequestUri}{(said.Length > 0 ? ": " + said.ReplaceLineEndings(" ").Trim() : "")}";
        return response.StatusCode switch
        {
            HttpStatusCode.RequestEntityTooLarge => new ForwardReply(ForwardOutcome.TooLarge, 0, message, null),
            HttpStatusCode.InternalServerError => ForwardRequest.Faulted(message, RetryAfter(response.Headers.RetryAfter)),
            HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity => new ForwardReply(ForwardOutcome.Refused, 0, message, null),
            _ => ForwardRequest.Again(message, RetryAfter(response.Headers.RetryAfter)),
        };
    }

    private TimeSpan? RetryAfter(RetryConditionHeaderValue? header) => header switch
    {
        { Delta: { } delay } => delay,
        { Date: { } date } => date > time.GetUtcNow() ? date - time.GetUtcNow() : TimeSpan.Zero,
        _ => null,
    };
}
