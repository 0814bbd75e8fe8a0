using Throughline.Engine.Model;

namespace Throughline.Engine.Profiles.Query;

/// <summary>Which samples are meant. Immutable.</summary>
/// <param name="Service">The service; null: all.</param>
/// <param name="Type">The type of profile; null: all.</param>
/// <param name="Unit">Its unit; null: all.</param>
/// <param name="FromUnixNano">Windows with a moment in [from, to); null: since ever.</param>
/// <param name="ToUnixNano">See <paramref name="FromUnixNano"/>; null: no end.</param>
public sealed record ProfileSelection(string? Service, string? Type, string? Unit, ulong? FromUnixNano, ulong? ToUnixNano)
{
    /// <summary>Labels that the series has, with these values.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Labels { get; init; } = [];

    /// <summary>Only samples that were taken in these spans; null: all.</summary>
    public SpanSelection? Spans { get; init; }

    /// <summary>Whether a series is meant.</summary>
    internal bool Takes(ProfileSeries series) =>
        (Service is null || Service == series.Service) && (Type is null || Type == series.Type) && (Unit is null || Unit == series.Unit) && Labels.All(series.Labels.Contains);

    /// <summary>Whether windows between these times may be meant.</summary>
    internal bool MayBeIn(ulong firstUnixNano, ulong lastUnixNano) => lastUnixNano >= (FromUnixNano ?? 0) && firstUnixNano < (ToUnixNano ?? ulong.MaxValue);

    /// <summary>Whether a window of such a series is meant.</summary>
    internal bool Takes(in WindowFacts window) => window.Overlaps(FromUnixNano ?? 0, ToUnixNano ?? ulong.MaxValue);
}

/// <summary>Spans of one trace. Immutable.</summary>
/// <param name="Spans">The spans that are meant; null: all of the trace.</param>
/// <param name="Known">All spans of the trace: samples that name only a span are found by it.</param>
public sealed record SpanSelection(TraceId TraceId, IReadOnlySet<ulong>? Spans, IReadOnlySet<ulong> Known)
{
    /// <summary>Whether a sample of this link is meant.</summary>
    internal bool Takes(in SampleLink link) => link.TraceId.IsValid
        ? link.TraceId == TraceId && (Spans is null || Spans.Contains(link.SpanId))
        : (Spans ?? Known).Contains(link.SpanId);
}
