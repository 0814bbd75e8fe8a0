using System.Buffers.Binary;
using System.Globalization;
using OpenTelemetry.Trace;

namespace Throughline.Telemetry;

/// <summary>
/// Samples a share of the traces by their ids: what a lower rate keeps, every higher one keeps too, in whatever service. The share is written
/// into the trace state as <c>ot=th:…</c>, so that whoever counts the spans knows how many each stands for. OpenTelemetry specification,
/// "TraceState: Probability Sampling". Immutable.
/// </summary>
internal sealed class ConsistentSampler : Sampler
{
    private const int Digits = 14;
    private const int Precision = 4;
    private const ulong Range = 1UL << 56;

    private readonly ulong _threshold;
    private readonly string? _text;

    /// <param name="ratio">The share that is kept, from 0 to 1.</param>
    public ConsistentSampler(double ratio)
    {
        Description = string.Create(CultureInfo.InvariantCulture, $"ConsistentSampler{{{ratio}}}");
        _threshold = ThresholdOf(ratio);
        _text = TextOf(_threshold);
    }

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) => Sample(samplingParameters, _threshold, _text);

    /// <summary>Samples by a share that is of this moment.</summary>
    internal static SamplingResult Sample(in SamplingParameters samplingParameters, double ratio)
    {
        var threshold = ThresholdOf(ratio);
        return Sample(samplingParameters, threshold, TextOf(threshold));
    }

    private static SamplingResult Sample(in SamplingParameters samplingParameters, ulong threshold, string? text)
    {
        var state = samplingParameters.ParentContext.TraceState;
        Span<byte> id = stackalloc byte[16];
        samplingParameters.TraceId.CopyTo(id);
        var kept = Randomness(id, state) >= threshold;
        if (state is null && text is null) return new(kept ? SamplingDecision.RecordAndSample : SamplingDecision.Drop);
        return new(kept ? SamplingDecision.RecordAndSample : SamplingDecision.Drop, OtTraceState.WithThreshold(state, kept ? text : null) ?? "");
    }

    private static ulong ThresholdOf(double ratio) => Rounded((ulong)Math.Round((1 - ratio) * Range));

    /// <summary>At a share of one there is nothing to tell, and nothing is put on every span.</summary>
    private static string? TextOf(ulong threshold) => threshold is 0 or Range ? null : threshold.ToString("x14", CultureInfo.InvariantCulture).TrimEnd('0');

    /// <summary>The 56 bits that decide: those that the trace state names, else the last of the trace id.</summary>
    private static ulong Randomness(ReadOnlySpan<byte> traceId, string? state) =>
        state is not null && OtTraceState.Read(state, "rv") is { Length: Digits } named && ulong.TryParse(named, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var value)
            ? value
            : BinaryPrimitives.ReadUInt64BigEndian(traceId[8..]) & (Range - 1);

    /// <summary>Rounded to four digits behind the leading f's, as the specification advises: it is carried by every request.</summary>
    private static ulong Rounded(ulong threshold)
    {
        if (threshold >= Range) return Range;
        var leading = 0;
        while (leading < Digits && ((threshold >> (4 * (Digits - 1 - leading))) & 15) == 15) leading++;
        var dropped = 4 * Math.Max(0, Digits - leading - Precision);
        return dropped == 0 ? threshold : (threshold + (1UL << (dropped - 1))) >> dropped << dropped;
    }
}
