namespace Throughline.Server.Forward;

/// <summary>How an attempt to pass something on ended.</summary>
internal enum ForwardOutcome
{
    /// <summary>The target has it, perhaps but for some items.</summary>
    Delivered,
    /// <summary>To be tried again: the target is away, busy, or not set up for us yet.</summary>
    Retry,
    /// <summary>The same, but the target has failed at it: it may be what was sent that it fails at.</summary>
    Faulted,
    /// <summary>The target will never take this.</summary>
    Refused,
    /// <summary>It is larger than the target takes.</summary>
    TooLarge,
}

/// <summary>The answer of the target, or what came instead.</summary>
/// <param name="Rejected">Items that the target did not take of what it took (OTLP's partial success).</param>
/// <param name="Message">What the target said, or what went wrong; empty when all is well.</param>
/// <param name="RetryAfter">How long the target asks to be left alone; null when it does not say.</param>
internal readonly record struct ForwardReply(ForwardOutcome Outcome, long Rejected, string Message, TimeSpan? RetryAfter);

/// <summary>Reads the few fields of OTLP's answers and of <c>google.rpc.Status</c> that matter here. Stateless; what is no protobuf says nothing.</summary>
internal static class ForwardReplyReader
{
    /// <summary>An answer that says that the request was taken.</summary>
    internal static ForwardReply Delivered(ReadOnlySpan<byte> response)
    {
        var (rejected, message) = (0L, "");
        var fields = new ProtoFields(response);
        while (fields.Next())
        {
            if (fields.Number != 1 || fields.IsVarint) continue;
            var partial = new ProtoFields(fields.Bytes);
            while (partial.Next())
            {
                if (partial is { Number: 1, IsVarint: true }) rejected = Math.Max(0, (long)partial.Varint);
                else if (partial is { Number: 2, IsVarint: false }) message = partial.Text;
            }
        }
        return new ForwardReply(ForwardOutcome.Delivered, rejected, message, null);
    }

    /// <summary>The message of a <c>google.rpc.Status</c>, and the delay of the RetryInfo in its details.</summary>
    internal static (string Message, TimeSpan? RetryAfter) Status(ReadOnlySpan<byte> status)
    {
        var (message, delay) = ("", default(TimeSpan?));
        var fields = new ProtoFields(status);
        while (fields.Next())
        {
            if (fields is { Number: 2, IsVarint: false }) message = fields.Text;
            else if (fields is { Number: 3, IsVarint: false }) delay = RetryInfo(fields.Bytes) ?? delay;
        }
        return (message, delay);
    }

    private static TimeSpan? RetryInfo(ReadOnlySpan<byte> any)
    {
        var isRetryInfo = false;
        var value = ReadOnlySpan<byte>.Empty;
        var fields = new ProtoFields(any);
        while (fields.Next())
        {
            if (fields is { Number: 1, IsVarint: false }) isRetryInfo = fields.Text.EndsWith("/google.rpc.RetryInfo", StringComparison.Ordinal);
            else if (fields is { Number: 2, IsVarint: false }) value = fields.Bytes;
        }
        if (!isRetryInfo) return null;
        var info = new ProtoFields(value);
        while (info.Next())
        {
            if (info is { Number: 1, IsVarint: false }) return Duration(info.Bytes);
        }
        // A RetryInfo without a delay: at once, or when we like.
        return TimeSpan.Zero;
    }

    private static TimeSpan Duration(ReadOnlySpan<byte> duration)
    {
        var (seconds, nanos) = (0L, 0L);
        var fields = new ProtoFields(duration);
        while (fields.Next())
        {
            if (fields is { Number: 1, IsVarint: true }) seconds = (long)fields.Varint;
            else if (fields is { Number: 2, IsVarint: true }) nanos = (long)fields.Varint;
        }
        return TimeSpan.FromSeconds(Math.Clamp(seconds, 0, 365L * 86_400)) + TimeSpan.FromTicks(Math.Clamp(nanos, 0, 999_999_999) / 100);
    }
}
