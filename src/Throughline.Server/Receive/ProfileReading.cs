using System.Globalization;
using System.Text.Json;
using Throughline.Engine.Profiles;
using Throughline.Engine.Profiles.Decode;
using Throughline.Server.Configuration;
using Throughline.Server.SelfTelemetry;

namespace Throughline.Server.Receive;

/// <summary>Why a request with profiles was not taken.</summary>
internal readonly record struct ProfileRefusal(int Status, RefusalReason Reason, string Message);

/// <summary>Reads one request with profiles into a batch. Belongs to the request; disposed of at its end. Not thread safe.</summary>
internal sealed class ProfileReading(ProfileIngest ingest, ReceiveLimits limits, ReceiveBudget.RequestShare share) : IDisposable
{
    private readonly List<PooledBuffer> _inflated = [];
    private int _redacted;

    /// <summary>What was read.</summary>
    public ProfileBatch Batch { get; } = new();

    /// <summary>What the sender should know of what was taken; empty when all is well.</summary>
    public string Note { get; private set; } = "";

    /// <summary>Values of labels that were replaced.</summary>
    public int Redacted => _redacted;

    /// <summary>Ours: the body is a pprof profile.</summary>
    public ProfileRefusal? ReadOwn(HttpRequest http, ReadOnlyMemory<byte> body)
    {
        if (ProfileParts.IsForm(http.ContentType)) return new ProfileRefusal(415, RefusalReason.UnsupportedType, "A form is not taken here; send the pprof profile as the body, plain or as a gzip file.");
        return ProfileRequest.ReadOwn(http.Query, ingest.Limits, out var problem) is { } request ? ReadPprof(body, request) : Malformed(problem);
    }

    /// <summary>Pyroscope's /ingest.</summary>
    public async ValueTask<ProfileRefusal?> ReadIngestAsync(HttpRequest http, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        if (ProfileRequest.ReadIngest(http.Query, ingest.Limits, out var problem) is not { } request) return Malformed(problem);
        var format = http.Query["format"].ToString();
        if (ProfileParts.IsForm(http.ContentType))
        {
            if (format is not ("" or "pprof")) return Malformed($"The format '{format}' does not come as a form; pprof does, in its part 'profile'.");
            var names = new List<string>();
            ReadOnlyMemory<byte>? part;
            try
            {
                part = await ProfileParts.FindAsync(body, http.ContentType ?? "", "profile", names, cancellationToken);
            }
            catch (Exception broken) when (broken is IOException or InvalidDataException)
            {
                return Malformed($"The body is not multipart/form-data: {broken.Message}.");
            }
            if (names.Contains("prev_profile")) return Malformed("Cumulative profiles with a 'prev_profile' are not taken; send profiles of what happened in each window (delta profiles).");
            return part is { } profile ? ReadPprof(profile, request) : Malformed($"The form has no part 'profile'; it has {(names.Count == 0 ? "none" : string.Join(", ", names.Take(8)))}.");
        }
        return format switch
        {
            "pprof" => ReadPprof(body, request),
            "" or "folded" or "lines" => ReadText(http.Query, format != "lines", body, request),
            _ => Malformed($"The format '{Shortened(format)}' is not taken; there are pprof, folded and lines."),
        };
    }

    /// <summary>Pyroscope's push API: series of labels with pprof profiles.</summary>
    public ProfileRefusal? ReadPush(ReadOnlyMemory<byte> body, string? contentType)
    {
        List<PushedProfile> profiles;
        try
        {
            profiles = contentType?.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) == true ? PushRequest.ReadJson(body) : PushRequest.ReadProtobuf(body);
        }
        catch (Exception wrong) when (wrong is JsonException or FormatException or InvalidDataException)
        {
            return Malformed($"The body is not a push.v1.PushRequest: {wrong.Message}");
        }
        foreach (var (labels, profile) in profiles)
        {
            if (ProfileRequest.ReadSeries(labels, ingest.Limits, out var problem) is not { } request) return Malformed(problem);
            if (ReadPprof(profile, request) is { } refused) return refused;
        }
        if (profiles.Count == 0) Note = "The request has no profiles.";
        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var buffer in _inflated) buffer.Dispose();
    }

    private ProfileRefusal? ReadPprof(ReadOnlyMemory<byte> body, ProfileRequest request)
    {
        if (Inflated(body, out var profile) is { } refused) return refused;
        var result = PprofDecoder.Decode(profile.Span, ingest.OriginOf(request, () => _redacted++), ingest.Limits, Batch);
        if (!result.IsDecoded) return Malformed(result.Message);
        if (Note.Length == 0) Note = result.Message;
        return null;
    }

    private ProfileRefusal? ReadText(IQueryCollection query, bool hasCounts, ReadOnlyMemory<byte> body, ProfileRequest request)
    {
        if (MeasureOf(query, request, out var problem) is not { } measure) return Malformed(problem);
        if (Inflated(body, out var text) is { } refused) return refused;
        var result = FoldedDecoder.Decode(text.Span, hasCounts, measure, ingest.OriginOf(request, () => _redacted++), ingest.Limits, Batch);
        if (!result.IsDecoded) return Malformed(result.Message);
        Note = result.Message;
        return null;
    }

    /// <summary>Samples at a rate are time: as Pyroscope does, they are told in nanoseconds.</summary>
    private static FoldedMeasure? MeasureOf(IQueryCollection query, ProfileRequest request, out string problem)
    {
        problem = "";
        var (rateText, unit) = (query["sampleRate"].ToString(), query["units"].ToString());
        var rate = 100u;
        if (rateText.Length > 0 && (!uint.TryParse(rateText, NumberStyles.None, CultureInfo.InvariantCulture, out rate) || rate == 0))
        {
            problem = $"'sampleRate' is a whole number of samples a second above 0, not '{Shortened(rateText)}'.";
            return null;
        }
        var type = request.Type ?? "cpu";
        return unit is "" or "samples" && type is "cpu" or "wall" or "itimer"
            ? new FoldedMeasure(type, "nanoseconds", 1e9 / rate)
            : new FoldedMeasure(type, unit.Length == 0 ? "samples" : Shortened(unit), 1);
    }

    private ProfileRefusal? Inflated(ReadOnlyMemory<byte> body, out ReadOnlyMemory<byte> inflated)
    {
        inflated = body;
        if (!InnerGzip.Is(body.Span)) return null;
        var buffer = new PooledBuffer();
        _inflated.Add(buffer);
        var status = InnerGzip.Inflate(body, limits.MaxExpandedBodyBytes, buffer, share);
        inflated = buffer.Written;
        return status switch
        {
            BodyStatus.Read => null,
            BodyStatus.Overloaded => new ProfileRefusal(429, RefusalReason.Overloaded, $"The requests under way fill the {limits.MaxBytesInFlight} bytes that they may (--max-in-flight-bytes). Try again."),
            BodyStatus.TooLargeExpanded => new ProfileRefusal(413, RefusalReason.TooLarge, $"The profile is larger than {limits.MaxExpandedBodyBytes} bytes after decompression (--max-expanded-body-bytes). Send shorter windows."),
            _ => Malformed($"The profile begins as a gzip file and is none; it broke off after {buffer.Length} decompressed bytes."),
        };
    }

    private static ProfileRefusal Malformed(string message) => new(400, RefusalReason.Malformed, message);

    private static string Shortened(string text) => text.Length <= 60 ? text : text[..60] + "...";
}
