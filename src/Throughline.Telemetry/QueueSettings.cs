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
        var limit = options.QueueLimit ?? Number(configuration, "OTEL_BSP_MAX_QUEUE_SIZE", DefaultLimit);
        var delay = (int?)options.ExportDelay?.TotalMilliseconds ?? Number(configuration, "OTEL_BSP_SCHEDULE_DELAY", DefaultDelayMilliseconds);
        var batch = options.ExportBatchLimit ?? Number(configuration, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", DefaultBatchLimit);
        return new(limit, delay, Math.Min(batch, limit));
    }

    private static int Number(IConfiguration configuration, string key, int otherwise) => configuration[key] is not { Length: > 0 } text
        ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new InvalidOperationException($"{key} is '{text}'; it has to be a whole number above 0.");
}
