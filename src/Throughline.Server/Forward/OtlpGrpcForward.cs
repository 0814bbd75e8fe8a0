using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Throughline.Engine.Wal;
using Throughline.Server.Configuration;

namespace Throughline.Server.Forward;

/// <summary>
/// OTLP over gRPC: one unary call (gRPC over HTTP/2, "Requests"). What only the target's operator can mend (an unknown service, a missing token) is tried again, so that nothing is lost while it is
/// mended. Thread safe; ends the connections that it was given.
/// </summary>
internal sealed class OtlpGrpcForward(ForwardOptions options, Uri target, HttpMessageInvoker connection, TimeProvider time) : IForwardClient
{
    /// <summary>Whether it is compressed (1 byte), and its length (4 bytes).</summary>
    private const int PrefixBytes = 5;

    private const int Ok = 0, Unknown = 2, InvalidArgument = 3, ResourceExhausted = 8, Internal = 13;

    private readonly string _base = target.GetLeftPart(UriPartial.Authority);

    public Task<ForwardReply> SendAsync(WalSignal signal, ReadOnlyMemory<byte> request, CancellationToken cancellationToken) =>
        ForwardRequest.AttemptAsync(options, time, cancellationToken, stop => AttemptAsync(signal, request, stop));

    public void Dispose() => connection.Dispose();

    private async Task<ForwardReply> AttemptAsync(WalSignal signal, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _base + ForwardSignals.MethodOf(signal))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(Frame(body)),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        if (options.Compress) request.Headers.Add("grpc-encoding", "gzip");
        ForwardRequest.AddHeaders(request, options);
        using var response = await connection.SendAsync(request, cancellationToken);
        var answer = await ForwardRequest.ReadAsync(response.Content, cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK) return ForwardRequest.Again($"HTTP {(int)response.StatusCode} from {target}, which is no answer of gRPC");
        // An error without a body has its status among the headers.
        var trailers = response.TrailingHeaders.Contains("grpc-status") ? response.TrailingHeaders : (HttpHeaders)response.Headers;
        if (!int.TryParse(Value(trailers, "grpc-status"), NumberStyles.None, CultureInfo.InvariantCulture, out var status)) return ForwardRequest.Again($"{target} answered without a gRPC status");
        return status == Ok ? Delivered(answer) : Failed(signal, status, trailers);
    }

    private static ForwardReply Delivered(byte[] answer)
    {
        // No compression was offered for the answer.
        if (answer.Length < PrefixBytes || answer[0] != 0) return new ForwardReply(ForwardOutcome.Delivered, 0, "", null);
        var length = (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(answer.AsSpan(1)), (uint)(answer.Length - PrefixBytes));
        return ForwardReplyReader.Delivered(answer.AsSpan(PrefixBytes, length));
    }

    private ForwardReply Failed(WalSignal signal, int status, HttpHeaders trailers)
    {
        var said = Uri.UnescapeDataString(Value(trailers, "grpc-message") ?? "");
        var retry = Value(trailers, "grpc-status-details-bin") is { } details && TryBase64(details) is { } bytes ? ForwardReplyReader.Status(bytes).RetryAfter : null;
        var message = $"gRPC status {status} from {_base}{ForwardSignals.MethodOf(signal)}{(said.Length > 0 ? ": " + said.ReplaceLineEndings(" ") : "")}";
        return status switch
        {
            InvalidArgument => new ForwardReply(ForwardOutcome.Refused, 0, message, null),
            Unknown or Internal => ForwardRequest.Faulted(message, retry),
            // Overload says when to come again (OTLP specification, "Failures"); a message above the receiver's limit does not.
            ResourceExhausted when retry is null => new ForwardReply(ForwardOutcome.TooLarge, 0, message, null),
            _ => ForwardRequest.Again(message, retry),
        };
    }

    private byte[] Frame(ReadOnlyMemory<byte> body)
    {
        var message = ForwardRequest.Compress(options, body);
        var frame = new byte[PrefixBytes + message.Length];
        frame[0] = options.Compress ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)message.Length);
        message.CopyTo(frame.AsMemory(PrefixBytes));
        return frame;
    }

    private static string? Value(HttpHeaders headers, string name) => headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    /// <summary>gRPC leaves out the padding.</summary>
    private static byte[]? TryBase64(string text)
    {
        var padded = text.PadRight((text.Length + 3) / 4 * 4, '=');
        var bytes = new byte[padded.Length];
        return Convert.TryFromBase64String(padded, bytes, out var length) ? bytes.AsSpan(0, length).ToArray() : null;
    }
}
