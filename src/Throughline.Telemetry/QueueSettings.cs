using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Throughline.Telemetry;

/// <summary>
/// The size and the pace of an export queue: the service's options, else the variables of the OpenTelemetry specification, "Batch Span
/// Processor", else defaults of ours. Logs go by the same values. Immutable.
/// </summary>
internal sealed record QueueSettings(int Limit, int DelayMilliseconds, int BatchLimit)
{
    private const int DefaultLimit = 16_384;
    private const int DefaultDelayMilliseconds = 1_000;
    private const int DefaultBatchLimit = 512;

    public static QueueSettings Read(IConfiguration configuration, ThroughlineTelemetryOptions options)
    {
        Check(options);
        var limit = options.QueueLimit ?? Number(configuration, "OTEL_BSP_MAX_QUEUE_SIZE", DefaultLimit);
        var delay = (int?)options.ExportDelay?.TotalMilliseconds ?? Number(configuration, "OTEL_BSP_SCHEDULE_DELAY", DefaultDelayMilliseconds);
        var batch = options.ExportBatchLimit ?? Number(configuration, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", DefaultBatchLimit);
        return new(limit, delay, Math.Min(batch, limit));
    }

    /// <exception cref="InvalidOperationException">The code asks for what can't be; the message names it.</exception>
    private static void Check(ThroughlineTelemetryOptions options)
    {
        foreach (var (name, value) in new[] { (nameof(options.QueueLimit), options.QueueLimit), (nameof(options.ExportBatchLimit), options.ExportBatchLimit) })
            if (value < 1) throw new InvalidOperationException($"{name} is {value}; it has to be 1 or more.");
        if (options.ExportDelay is { TotalMilliseconds: < 1 or > int.MaxValue })
            throw new InvalidOperationException($"{nameof(options.ExportDelay)} is {options.ExportDelay}; it has to be from a millisecond to {int.MaxValue} of them.");
        if (options.DeliveryTimeout < TimeSpan.Zero)
            throw new InvalidOperationException($"{nameof(options.DeliveryTimeout)} is {options.DeliveryTimeout}; it has to be zero (no second try) or more.");
    }

    private static int Number(IConfiguration configuration, string key, int otherwise) => configuration[key] is not { Length: > 0 } text
        ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new InvalidOperationException($"{key} is '{text}'; it has to be a whole number above 0.");
}
