using Microsoft.Extensions.Configuration;

namespace Throughline.Telemetry.Profiling;

/// <summary>
/// What the configuration's section <c>Telemetry:Profiles</c> says. Profiling is off until it names a directory or an endpoint. Read once, while
/// the host is built.
/// </summary>
public sealed class ProfileOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "Telemetry:Profiles";

    /// <summary>The server that profiles are sent to, such as <c>http://127.0.0.1:4318</c>; with a path, exactly there. Unset: they are not sent.</summary>
    public string? Endpoint { get; set; }

    /// <summary>Headers of what is sent, <c>NAME=VALUE,NAME=VALUE</c>. Unset: <c>OTEL_EXPORTER_OTLP_HEADERS</c>.</summary>
    public string? Headers { get; set; }

    /// <summary>Profiles that may wait to be sent. More are dropped and counted.</summary>
    public int QueueLimit { get; set; } = 8;

    /// <summary>How long a profile that the server can't take is tried again before it is dropped and counted.</summary>
    public double DeliverySeconds { get; set; } = 60;

    /// <summary>Where profiles are written; it is created if need be. Unset: they are not written.</summary>
    public string? Directory { get; set; }

    /// <summary>How long one profile is taken, 1 to 300.</summary>
    public double WindowSeconds { get; set; } = 10;

    /// <summary>From the start of one profile to the start of the next, at least the window and at most a day.</summary>
    public double IntervalSeconds { get; set; } = 60;

    /// <summary>The most files of this service in the directory; the oldest are deleted.</summary>
    public int FileLimit { get; set; } = 200;

    /// <summary>The most bytes of this service's files in the directory; the oldest are deleted.</summary>
    public long ByteLimit { get; set; } = 256L * 1024 * 1024;

    /// <summary>The runtime's buffer for samples that were not read yet, in MB. Samples above it are lost and counted.</summary>
    public int BufferMegabytes { get; set; } = 32;

    /// <summary>
    /// The changes of the current span that a thread remembers. They are asked for a fraction of a second later; samples from
    /// before the oldest remembered one have no span and are counted.
    /// </summary>
    public int SpanChangeLimit { get; set; } = 4096;

    /// <summary>Threads whose spans are followed. Samples of threads above it have no span; the threads are counted.</summary>
    public int ThreadLimit { get; set; } = 1024;

    /// <summary>Different pairs of stack and span in one profile. Samples of pairs above it are left out and counted.</summary>
    public int StackLimit { get; set; } = 100_000;

    /// <summary>The options of <paramref name="configuration"/>, null when they name neither a directory nor an endpoint.</summary>
    /// <exception cref="InvalidOperationException">A value is no number or outside its bounds; the message names its key.</exception>
    internal static ProfileOptions? From(IConfiguration configuration)
    {
        var options = configuration.GetSection(Section).Get<ProfileOptions>();
        if (options is null || (string.IsNullOrWhiteSpace(options.Directory) && string.IsNullOrWhiteSpace(options.Endpoint))) return null;
        options.Headers ??= configuration["OTEL_EXPORTER_OTLP_HEADERS"];
        if (!string.IsNullOrWhiteSpace(options.Endpoint)) options.Target();
        options.HeaderList();
        Check(nameof(QueueLimit), options.QueueLimit, 1, 1000);
        Check(nameof(DeliverySeconds), options.DeliverySeconds, 1, 3600);
        Check(nameof(WindowSeconds), options.WindowSeconds, 1, 300);
        Check(nameof(IntervalSeconds), options.IntervalSeconds, options.WindowSeconds, 86_400);
        Check(nameof(FileLimit), options.FileLimit, 1, 100_000);
        Check(nameof(ByteLimit), options.ByteLimit, 1024, long.MaxValue);
        Check(nameof(BufferMegabytes), options.BufferMegabytes, 1, 1024);
        Check(nameof(SpanChangeLimit), options.SpanChangeLimit, 16, 1_000_000);
        Check(nameof(ThreadLimit), options.ThreadLimit, 1, 100_000);
        Check(nameof(StackLimit), options.StackLimit, 1, 10_000_000);
        return options;
    }

    /// <summary>The address that profiles are sent to.</summary>
    internal Uri Target()
    {
        if (!Uri.TryCreate(Endpoint, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw new InvalidOperationException($"{Section}:{nameof(Endpoint)} is '{Endpoint}'; it has to be an address like http://127.0.0.1:4318.");
        return address.AbsolutePath == "/" ? new Uri(address, "/api/v1/profiles") : address;
    }

    /// <summary>The headers, each with its value.</summary>
    internal IReadOnlyList<KeyValuePair<string, string>> HeaderList()
    {
        var headers = new List<KeyValuePair<string, string>>();
        foreach (var header in (Headers ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var equals = header.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) throw new InvalidOperationException($"{Section}:{nameof(Headers)} has an entry that is not NAME=VALUE.");
            headers.Add(new(header[..equals].Trim(), Uri.UnescapeDataString(header[(equals + 1)..].Trim())));
        }
        return headers;
    }

    private static void Check(string key, double value, double least, double most)
    {
        if (value >= least && value <= most) return;
        throw new InvalidOperationException(string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"{Section}:{key} is {value}; it has to be between {least} and {most}."));
    }
}
