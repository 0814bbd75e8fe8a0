using System.Globalization;
using System.Text;
using OpenTelemetry.Exporter;

namespace Throughline.Telemetry;

/// <summary>Where a signal goes, and what is said there; <see cref="Answer"/> is null where the SDK's own client is used (TLS).</summary>
internal sealed class ReceiverOptions : OtlpExporterOptions
{
    public ReceiverAnswer? Answer { get; set; }
}

/// <summary>
/// Reads what the SDK's exporter does not tell of a receiver's last answer: what of a request that was taken it refused (OTLP's partial success), whether
/// the same request could ever be taken, and how long it asks to wait. For one exporter, which sends one request at a time.
/// </summary>
internal sealed class ReceiverAnswer(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <summary>An answer is some bytes; one of more than this is none.</summary>
    private const int MaximumBytes = 1024 * 1024;

    /// <summary>gRPC's codes for a request that is wrong or not allowed (INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, UNIMPLEMENTED, UNAUTHENTICATED).</summary>
    private static readonly string[] s_finalCodes = ["3", "5", "7", "12", "16"];

    private const string ResourceExhausted = "8";

    /// <summary>How many items of the last request were refused, though it was taken.</summary>
    public int Rejected { get; private set; }

    /// <summary>Why, in the receiver's words.</summary>
    public string? Reason { get; private set; }

    /// <summary>Whether the last request was refused in a way that sending it again can't mend.</summary>
    public bool IsFinal { get; private set; }

    /// <summary>How long the receiver asks to wait before the request comes again; zero where it says nothing.</summary>
    public TimeSpan Pause { get; private set; }

    /// <summary>A request begins: nothing has been said to it.</summary>
    public void Begin() => (Rejected, Reason, IsFinal, Pause) = (0, null, false, TimeSpan.Zero);

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = base.Send(request, cancellationToken);
        // Not by reading the stream, which no time limit ends: a receiver that stops in the middle of its answer would keep the exporter for good.
        response.Content.LoadIntoBufferAsync(MaximumBytes, cancellationToken).GetAwaiter().GetResult();
        return Read(response);
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        await response.Content.LoadIntoBufferAsync(MaximumBytes, cancellationToken);
        return Read(response);
    }

    /// <summary>Keeps what was said; the body is in memory, where the exporter reads it again.</summary>
    private HttpResponseMessage Read(HttpResponseMessage response)
    {
        var content = response.Content;
        ReadOnlySpan<byte> message = content.ReadAsByteArrayAsync(CancellationToken.None).GetAwaiter().GetResult();
        var (status, grpc) = ((int)response.StatusCode, content.Headers.ContentType?.MediaType?.StartsWith("application/grpc", StringComparison.Ordinal) is true);
        // gRPC puts a byte (compressed or not) and the length before the message.
        if (grpc) message = message.Length > 5 && message[0] == 0 ? message[5..] : [];
        if (status == 200) (Rejected, Reason) = PartialSuccess.Read(message);
        IsFinal = status is >= 400 and < 500 and not (408 or 429) || grpc && IsFinalCode(response);
        Pause = response.Headers.RetryAfter?.Delta ?? TimeSpan.Zero;
        return response;
    }

    /// <summary>RESOURCE_EXHAUSTED without a word about when to come again is a request that is too large.</summary>
    private static bool IsFinalCode(HttpResponseMessage response) =>
        Trailer(response, "grpc-status") is { } code && (s_finalCodes.Contains(code) || code == ResourceExhausted && Trailer(response, "grpc-status-details-bin") is null);

    /// <summary>Trailers come behind the body, or, where there is none, with the headers.</summary>
    private static string? Trailer(HttpResponseMessage response, string name) =>
        response.TrailingHeaders.TryGetValues(name, out var trailing) ? trailing.FirstOrDefault()
        : response.Headers.TryGetValues(name, out var leading) ? leading.FirstOrDefault()
        : null;

    /// <summary>
    /// The partial success of an OTLP answer (<c>opentelemetry/proto/collector</c>): field 1 of the answer of any signal, in which field 1 is how many items
    /// were refused and field 2 why.
    /// </summary>
    internal static class PartialSuccess
    {
        private const int Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5;

        /// <summary>Nothing where the bytes are no such message: they say nothing about refused items then.</summary>
        public static (int Rejected, string? Reason) Read(ReadOnlySpan<byte> answer)
        {
            if (!TryFind(answer, 1, Bytes, out _, out var partial) || !TryFind(partial, 1, Varint, out var rejected, out _)) return (0, null);
            var why = TryFind(partial, 2, Bytes, out _, out var text) ? Encoding.UTF8.GetString(text) : "";
            // It is a signed number, of which nothing below zero means anything.
            var count = (int)Math.Clamp((long)rejected, 0, int.MaxValue);
            return count == 0 ? (0, null) : (count, string.Create(CultureInfo.InvariantCulture, $"The receiver refused {count} of a request that it took: {why}"));
        }

        private static bool TryFind(ReadOnlySpan<byte> message, int field, int wire, out ulong number, out ReadOnlySpan<byte> bytes)
        {
            number = 0;
            bytes = default;
            while (!message.IsEmpty)
            {
                if (!TryVarint(ref message, out var tag)) return false;
                ulong value = 0;
                var length = (int)(tag & 7) switch { Fixed64 => 8, Fixed32 => 4, _ => 0 };
                switch ((int)(tag & 7))
                {
                    case Varint or Bytes when !TryVarint(ref message, out value): return false;
                    case Varint or Fixed64 or Fixed32: break;
                    case Bytes when value <= int.MaxValue: length = (int)value; break;
                    default: return false;
                }
                if (length > message.Length) return false;
                if (tag == (ulong)(field << 3 | wire))
                {
                    number = value;
                    bytes = message[..length];
                    return true;
                }
                message = message[length..];
            }
            return false;
        }

        private static bool TryVarint(ref ReadOnlySpan<byte> from, out ulong value)
        {
            value = 0;
            for (var i = 0; i < from.Length && i < 10; i++)
            {
                value |= (ulong)(from[i] & 0x7F) << (7 * i);
                if (from[i] >= 0x80) continue;
                from = from[(i + 1)..];
                return true;
            }
            return false;
        }
    }
}
