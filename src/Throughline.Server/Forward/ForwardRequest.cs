using System.IO.Compression;
using System.Net.Sockets;
using System.Security.Authentication;
using Throughline.Server.Configuration;

namespace Throughline.Server.Forward;

/// <summary>What both protocols do alike with a request and its answer. Stateless.</summary>
internal static class ForwardRequest
{
    /// <summary>Bytes of an answer that are looked at; a target may send anything.</summary>
    private const int MaxAnswerBytes = 64 << 10;

    /// <summary>One attempt within the time for it; whatever the network does becomes a reply.</summary>
    internal static async Task<ForwardReply> AttemptAsync(ForwardOptions options, TimeProvider time, CancellationToken cancellationToken, Func<CancellationToken, Task<ForwardReply>> attempt)
    {
        using var late = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            return await attempt(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Again($"no answer within {options.Timeout.TotalSeconds:0.#} s (--forward-timeout-seconds)");
        }
        // InvalidDataException: an answer that says that it is compressed and is not.
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException or AuthenticationException or InvalidDataException)
        {
            return Again(Reason(e));
        }
    }

    /// <summary>To be tried again.</summary>
    internal static ForwardReply Again(string message, TimeSpan? after = null) => new(ForwardOutcome.Retry, 0, message, after);

    /// <summary>To be tried again, though what was sent may be the reason.</summary>
    internal static ForwardReply Faulted(string message, TimeSpan? after = null) => new(ForwardOutcome.Faulted, 0, message, after);

    /// <summary>The body, compressed when the options say so.</summary>
    internal static ReadOnlyMemory<byte> Compress(ForwardOptions options, ReadOnlyMemory<byte> body)
    {
        if (!options.Compress) return body;
        var output = new MemoryStream(body.Length / 4);
        using (var gzip = new GZipStream(output, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(body.Span);
        return output.GetBuffer().AsMemory(0, (int)output.Length);
    }

    internal static void AddHeaders(HttpRequestMessage request, ForwardOptions options)
    {
        foreach (var (name, value) in options.Headers) request.Headers.TryAddWithoutValidation(name, value);
    }

    /// <summary>The answer's body, as far as it is looked at; the rest is read and passed over up to a limit, so that trailers come.</summary>
    internal static async Task<byte[]> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[MaxAnswerBytes];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        if (length == buffer.Length && await stream.ReadAsync(new byte[1], cancellationToken) > 0) throw new IOException($"the answer is longer than {MaxAnswerBytes} bytes");
        return buffer.AsSpan(0, length).ToArray();
    }

    /// <summary>The innermost reason says more than "an error occurred while sending the request".</summary>
    private static string Reason(Exception error)
    {
        while (error.InnerException is { } inner) error = inner;
        return error.Message;
    }
}
